// A recorded filter tree, drawn as nested lists whose groups fold.
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";

import { usePlace } from "../address/place_context";
import { typedOf } from "../address/scope";
import {
  BRANCH_WORDS,
  type Branch,
  type ConditionNode,
  type FilterNode,
  type GroupNode,
  isGroup,
  isNegation,
  keysOf,
  type RecordedFilters,
  symbolOf,
  treeOf,
} from "./filter_nodes";

interface FilterTreeProps {
  /** What it is the tree of. */
  label: string;
  filters: RecordedFilters;
  /** The key whose conditions are marked. */
  marked?: string | null;
}

/** Groups deeper than so many are folded to begin with. */
const OPEN_DEPTH = 3;
/** So many keys tell what a folded branch is about. */
const FEW = 6;

export function FilterTree({ label, filters: { flat }, marked = null }: FilterTreeProps) {
  const root = useMemo(() => treeOf(flat), [flat]);
  const [openDepth, setOpenDepth] = useState(OPEN_DEPTH);
  // Counts what the user asked for, so that groups open and close even where they were folded by hand meanwhile.
  const [request, setRequest] = useState(0);
  const fold = (depth: number) => {
    setOpenDepth(depth);
    setRequest((count) => count + 1);
  };
  if (root === null) return <p class="note">This tree holds nothing.</p>;
  const isDeep = flat.some(({ depth }) => depth > 0 && depth >= OPEN_DEPTH);
  return (
    <div class="filter-tree">
      {isDeep && (
        <p class="folding">
          <button type="button" onClick={() => fold(Infinity)}>
            Unfold all
          </button>
          <button type="button" onClick={() => fold(1)}>
            Fold all
          </button>
        </p>
      )}
      <div class="drawn" role="region" aria-label={label} tabIndex={0}>
        <ul class="tree" key={request}>
          <Node node={root} isDenied={false} shown={{ openDepth, marked }} />
        </ul>
      </div>
    </div>
  );
}

interface Shown {
  openDepth: number;
  marked: string | null;
}

interface NodeProps {
  node: FilterNode;
  /** Whether it stands in a NOR, so that it must not hold. */
  isDenied: boolean;
  shown: Shown;
}

function Node({ node, isDenied, shown }: NodeProps) {
  if (isGroup(node)) return <Group group={node} isDenied={isDenied} shown={shown} />;
  return (
    <li>
      {isDenied && <Denial />}
      <ConditionText condition={node} isMarked={node.key === shown.marked} />
    </li>
  );
}

const Denial = () => <strong class="denied">not</strong>;

function Group({ group: { branches, depth, caseSensitive }, isDenied, shown }: Omit<NodeProps, "node"> & { group: GroupNode }) {
  const lead = (
    <>
      {isDenied && <Denial />}
      {caseSensitive !== null && <span class="tag">{caseSensitive ? "case counts" : "case doesn’t count"}</span>}
    </>
  );
  const isSingle = branches.length === 1;
  return (
    <li>
      {branches.length === 0 && (
        <>
          {lead}
          <span class="words">an empty group</span>
        </>
      )}
      {branches.length > 1 && (isDenied || caseSensitive !== null) && (
        <p class="words">
          {lead}
          all of this together
        </p>
      )}
      {branches.map((branch, place) => (
        <BranchGroup
          key={branch.name}
          branch={branch}
          lead={isSingle ? lead : place > 0 ? <span class="words">and </span> : null}
          isOpen={depth < shown.openDepth}
          shown={shown}
        />
      ))}
    </li>
  );
}

interface BranchProps {
  branch: Branch;
  /** What stands ahead of its name. */
  lead: ComponentChildren;
  isOpen: boolean;
  shown: Shown;
}

function BranchGroup({ branch, lead, isOpen, shown }: BranchProps) {
  const { name, nodes } = branch;
  return (
    <details class={`branch ${name.toLowerCase()}`} open={isOpen}>
      <summary>
        {lead}
        <strong>{name}</strong> <span class="words">{BRANCH_WORDS[name]}</span>
        <FoldedKeys keys={keysOf(branch)} />
      </summary>
      <ul>
        {nodes.map((node) => (
          <Node key={node.index} node={node} isDenied={name === "NOR"} shown={shown} />
        ))}
      </ul>
    </details>
  );
}

/** What a folded branch is about. */
const FoldedKeys = ({ keys }: { keys: readonly string[] }) => (
  <span class="words folded">
    {keys.slice(0, FEW).join(", ")}
    {keys.length > FEW && ` and ${keys.length - FEW} more`}
  </span>
);

function ConditionText({ condition, isMarked }: { condition: ConditionNode; isMarked: boolean }) {
  const { hrefOf } = usePlace();
  const { key, operator, value } = condition;
  return (
    <span class={isMarked ? "condition marked" : "condition"}>
      <a href={hrefOf({ view: "filters", item: key })}>{key}</a>{" "}
      <span class={isNegation(condition) ? "operator negative" : "operator"} title={operator}>
        {operator === "EXISTS" && value === false ? "doesn’t exist" : symbolOf(operator)}
      </span>{" "}
      {operator !== "EXISTS" && !(operator === "IS_NULL" && (value === true || value === null)) && (
        <FilterValue filterKey={key} value={value} />
      )}
    </span>
  );
}

/** A value, as a way to its key with both in the filter bar. */
export function FilterValue({ filterKey, value }: { filterKey: string; value: unknown }) {
  const { hrefOf } = usePlace();
  return (
    <a
      class="value"
      href={hrefOf({ view: "filters", item: filterKey, scope: { condition: { key: filterKey, value: typedOf(value) } } })}
      title={`Only searches with ${filterKey} and this value`}
    >
      {typedOf(value)}
    </a>
  );
}
