// A journey as a list in order: searches with what was done with their results, and the time between.
import type { ComponentChildren } from "preact";

import { usePlace } from "../../address/place_context";
import { clock, count, duration, moment, position, word } from "../../numbers/format";
import { Defined } from "../../parts/definition";
import { type Action, endOf, runsOf, type Search, type Stretch } from "./journey";

/** A pause of so many milliseconds or more is shown as one. */
const PAUSE = 10_000;

interface TimelineProps {
  stretches: readonly Stretch[];
  startedAt: string;
  /** Whether the journey begins here, rather than on an earlier page. */
  isFirst: boolean;
}

export function Timeline({ stretches, startedAt, isFirst }: TimelineProps) {
  return (
    <>
      <p class="note">Positions are counted from 0; pauses of {PAUSE / 1_000} seconds or more are told.</p>
      <ol class="journey">
      {stretches.map((stretch, index) => {
        const before = stretches[index - 1];
        const pause = before ? Date.parse(stretch.at) - Date.parse(endOf(before)) : isFirst ? Date.parse(stretch.at) - Date.parse(startedAt) : 0;
        return (
          <>
            {pause >= PAUSE && <Pause milliseconds={pause} />}
            <StretchItem key={`${stretch.at} ${stretch.of?.searchRequestId}`} stretch={stretch} />
          </>
        );
      })}
    </ol>
    </>
  );
}

const Pause = ({ milliseconds }: { milliseconds: number }) => <li class="pause">{duration(milliseconds)} later</li>;

function StretchItem({ stretch: { search, isReturn, of, at, actions } }: { stretch: Stretch }) {
  let last = at;
  return (
    <li class={search ? "search" : "return"}>
      {search ? (
        <SearchHead search={search} />
      ) : of ? (
        <p>
          {isReturn ? "Back to the results for " : "With the results for "}
          <TextLink text={of.text} />
        </p>
      ) : (
        <p>Without a search</p>
      )}
      {actions.length > 0 && (
        <ol class="actions-done">
          {runsOf(actions).map((run) => {
            const [first] = run;
            if (!first) return null;
            const pause = Date.parse(first.occurredAt) - Date.parse(last);
            last = run.at(-1)?.occurredAt ?? first.occurredAt;
            return (
              <>
                {pause >= PAUSE && <Pause milliseconds={pause} />}
                <li key={first.interactionId} class={`action did-${first.interactionType.toLowerCase()}`}>
                  {run.length > 1 ? <ViewRun run={run} /> : <ActionLine action={first} />}
                </li>
              </>
            );
          })}
        </ol>
      )}
      {actions.length === 0 && search && <p class="note">Nothing was recorded of its results.</p>}
    </li>
  );
}

function SearchHead({ search }: { search: Search }) {
  const { searchRequestId, text, firstSeenAt, resultCount, collections, filters, queries, outcome } = search;
  const { hrefOf } = usePlace();
  const spelled = [filters, ...queries.map((query) => query.filters)].flatMap((tree) => tree?.text ?? []);
  return (
    <div class="head">
      <p>
        <Time at={firstSeenAt} /> <span class="what">Searched</span> <strong>
          <TextLink text={text} />
        </strong>{" "}
        <span class="faint">
          {resultCount === null ? "" : `${count(resultCount)} ${resultCount === 1 ? "result" : "results"}`}
          {collections.length > 0 && ` in ${collections.join(", ")}`}
        </span>
      </p>
      {spelled.length > 0 && (
        <p class="spelled-filters">
          <code>{spelled.join(" · ")}</code>{" "}
          <a href={hrefOf({ view: "filters", parameters: { request: searchRequestId } })}>As a tree</a>
        </p>
      )}
      <Marks outcome={outcome} />
    </div>
  );
}

function Marks({ outcome }: { outcome: Search["outcome"] }) {
  const { noResults, reformulated, abandoned, converted, next } = outcome;
  if (!noResults && !reformulated && !abandoned && !converted) return null;
  return (
    <p class="marks">
      {noResults && <Mark of="noResults">no results</Mark>}
      {reformulated && <Mark of="reformulated">reformulated as “{next?.text ?? "…"}”</Mark>}
      {converted && <Mark of="converted">converted</Mark>}
      {abandoned && <Mark of="abandoned">abandoned</Mark>}
    </p>
  );
}

const Mark = ({ of, children }: { of: string; children: ComponentChildren }) => (
  <span class={`tag ${of}`}>
    <Defined of={`SearchOutcome.${of}`}>{children}</Defined>
  </span>
);

function ViewRun({ run }: { run: readonly Action[] }) {
  const positions = run.flatMap(({ position: at }) => at ?? []);
  const [from, to] = [Math.min(...positions), Math.max(...positions)];
  return (
    <details>
      <summary>
        <Time at={run[0]?.occurredAt ?? ""} /> <span class="what">View</span> of {run.length} items
        {positions.length > 0 && ` at ${position(from)}${to > from ? ` to ${position(to)}` : ""}`}
      </summary>
      <ol class="viewed">
        {run.map((action) => (
          <li key={action.interactionId}>
            <ActionLine action={action} />
          </li>
        ))}
      </ol>
    </details>
  );
}

function ActionLine({ action }: { action: Action }) {
  const { interactionTypes, position: at, occurredAt, durationMs } = action;
  return (
    <p>
      <Time at={occurredAt} /> <span class="what">{interactionTypes.map(word).join(", ")}</span> <Subject action={action} />
      {at !== null && ` at ${position(at)}`}
      {durationMs !== null && <span class="faint"> for {duration(durationMs)}</span>}
    </p>
  );
}

/** The item; for interactions without one, the text or the facet that stands in its place. */
function Subject({ action: { interactionType, featureId } }: { action: Action }) {
  const { hrefOf } = usePlace();
  if (interactionType === "FILTER_TOGGLE") return <a href={hrefOf({ view: "filters", item: featureId })}>{featureId}</a>;
  if (interactionType === "QUERY_REFINEMENT" || interactionType === "ZERO_RESULTS") return <TextLink text={featureId} />;
  return <a href={hrefOf({ view: "items", item: featureId })}>{featureId}</a>;
}

function TextLink({ text }: { text: string }) {
  const { hrefOf } = usePlace();
  return text === "" ? <>everything</> : <a href={hrefOf({ view: "queries", item: text })}>{text}</a>;
}

function Time({ at }: { at: string }) {
  const { zone } = usePlace().place.scope;
  return (
    <time dateTime={at} title={moment(at, zone)}>
      {clock(at, zone)}
    </time>
  );
}
