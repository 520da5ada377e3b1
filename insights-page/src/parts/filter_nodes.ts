// Recorded filter trees: from the API's flat list of nodes to groups with their branches.
import { graphql, type ResultOf } from "../gateway/graphql";

export const FilterTreeNodes = graphql(`
  fragment FilterTreeNodes on FilterGroup @_unmask {
    text
    flat { index parentIndex depth branch key operator value caseSensitive }
  }
`);

export type RecordedFilters = ResultOf<typeof FilterTreeNodes>;
export type FlatNode = RecordedFilters["flat"][number];
export type BranchName = NonNullable<FlatNode["branch"]>;
export type Operator = NonNullable<FlatNode["operator"]>;

export interface ConditionNode {
  index: number;
  key: string;
  operator: Operator;
  value: unknown;
}

/** `branches`: joined by AND, in the order in which the API lists them; none where the group was recorded empty. */
export interface GroupNode {
  index: number;
  depth: number;
  caseSensitive: boolean | null;
  branches: Branch[];
}

export interface Branch {
  name: BranchName;
  nodes: FilterNode[];
}

export type FilterNode = ConditionNode | GroupNode;

export const isGroup = (node: FilterNode): node is GroupNode => "branches" in node;

/** The root of a tree; null for a list without nodes. */
export function treeOf(flat: readonly FlatNode[]): FilterNode | null {
  const nodes = new Map<number, FilterNode>();
  let root: FilterNode | null = null;
  for (const { index, parentIndex, depth, branch, key, operator, value, caseSensitive } of flat) {
    const node: FilterNode =
      operator === null ? { index, depth, caseSensitive, branches: [] } : { index, key: key ?? "", operator, value };
    nodes.set(index, node);
    root ??= node;
    const parent = parentIndex === null ? undefined : nodes.get(parentIndex);
    if (parent && branch !== null && isGroup(parent)) branchOf(parent, branch).nodes.push(node);
  }
  return root;
}

function branchOf(group: GroupNode, name: BranchName): Branch {
  const known = group.branches.find((branch) => branch.name === name);
  if (known) return known;
  const branch = { name, nodes: [] };
  group.branches.push(branch);
  return branch;
}

/** The distinct keys of the conditions of a branch, however deep. */
export function keysOf({ nodes }: Branch): string[] {
  const keys = new Set<string>();
  const pending = [...nodes].reverse();
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (isGroup(node)) pending.push(...node.branches.flatMap((branch) => branch.nodes).reverse());
    else keys.add(node.key);
  }
  return [...keys];
}

const SYMBOLS: Record<Operator, string> = {
  EQ: "=",
  NE: "≠",
  GT: ">",
  LT: "<",
  GTE: "≥",
  LTE: "≤",
  IN: "is one of",
  NIN: "is none of",
  IS_NULL: "is null",
  TEXT: "matches the text",
  EXISTS: "exists",
  CONTAINS: "contains",
  STARTS_WITH: "starts with",
  ENDS_WITH: "ends with",
  REGEX: "matches the pattern",
  OTHER: "(an operator unknown here)",
};

const WORDS: Partial<Record<Operator, string>> = {
  EQ: "equals",
  NE: "doesn’t equal",
  GT: "is greater than",
  LT: "is less than",
  GTE: "is at least",
  LTE: "is at most",
};

/** An operator in words, where it is otherwise a sign. */
export const wordsOf = (operator: Operator): string => WORDS[operator] ?? "";

/** An operator as it stands between a key and a value. */
export const symbolOf = (operator: Operator): string => SYMBOLS[operator];

export const BRANCH_WORDS: Record<BranchName, string> = {
  AND: "all of these",
  OR: "at least one of these",
  NOR: "none of these",
};

/** Whether a condition by itself says what must not be. */
export const isNegation = ({ operator, value }: ConditionNode): boolean =>
  operator === "NE" || operator === "NIN" || (operator === "EXISTS" && value === false);
