// One saved filter and what it matched, the newest first, as it happens.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { usePlace } from "../../address/place_context";
import { useEvents } from "../../gateway/answers";
import { filterText } from "../../gateway/filter_text";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { count, moment, position, word } from "../../numbers/format";
import { Defined } from "../../parts/definition";
import { type Column, Table } from "../../parts/table";
import { Failure, View } from "../../parts/view";
import { type Match, MatchFields, newerOf } from "./percolator_matches";
import { DeleteButton, EnabledSwitch, type Percolator, PercolatorFields } from "./filter_changes";

// The last of the listing are the newest, and its pages go backwards: the first here are the `last` there, and what is
// `after` one of them is `before` it.
const SavedFilterDocument = graphql(
  `
    query SavedFilter($percolatorId: ID!, $first: Int!, $after: String) {
      percolator(percolatorId: $percolatorId) {
        ...PercolatorFields
        matches(last: $first, before: $after) {
          nodes { ...MatchFields }
          pageInfo { hasPreviousPage startCursor }
        }
      }
    }
  `,
  [PercolatorFields, MatchFields],
);

const MatchedDocument = graphql(
  `
    subscription Matched($ids: [ID!]!) {
      percolatorMatched(ids: $ids) { ...MatchFields }
    }
  `,
  [MatchFields],
);

type Shown = ResultOf<typeof SavedFilterDocument>;

/** How many matches are kept of those that arrive while the view is open. */
const LENGTH = 100;

export function OneFilter({ percolatorId }: { percolatorId: string }) {
  const { place, hrefOf, go } = usePlace();
  const after = place.parameters["after"] ?? null;
  const [arrived, setArrived] = useState<readonly Match[]>([]);
  const error = useEvents(MatchedDocument, { ids: [percolatorId] }, ({ percolatorMatched }) =>
    setArrived((earlier) => [percolatorMatched, ...earlier].slice(0, LENGTH)),
  );
  const columns = columnsOf(place.scope.zone, hrefOf);
  return (
    <View
      title={(data) => data?.percolator?.name ?? "Saved filter"}
      summary={
        <>
          What a saved filter matched as it was recorded. <a href={hrefOf({ view: "saved" })}>All saved filters</a>
        </>
      }
      document={SavedFilterDocument}
      variables={{ percolatorId, first: 20, after }}
      download={{ columns, rows: matchesOf, pageInfo: pageInfoOf }}
      isEmpty={() => false}
      unheeded={["text", "collection", "condition", "user", "metadata"]}
    >
      {(data) => {
        const { percolator } = data;
        if (percolator === null) {
          return <p class="empty">There is no saved filter with this id in this namespace; it may have been deleted.</p>;
        }
        const listed = matchesOf(data);
        const fresh = after === null ? newerOf(arrived, listed) : [];
        const rows = [...fresh, ...listed];
        return (
          <>
            <Filter percolator={percolator} fresh={fresh.length} onDeleted={() => go({ view: "saved" })} />
            <h2>
              Matches {after === null && <LiveSign isLive={error === null && percolator.enabled} />}
            </h2>
            {error && <Failure error={error} />}
            {rows.length === 0 ? (
              <p class="empty">Nothing matched yet. What is recorded from now on, and matches, appears here by itself.</p>
            ) : (
              <Table
                caption="Matches, the newest first"
                columns={columns}
                rows={rows}
                keyOf={({ interaction }) => interaction.interactionId}
                isNew={(match) => fresh.includes(match)}
                pageInfo={pageInfoOf(data)}
              />
            )}
          </>
        );
      }}
    </View>
  );
}

function Filter({ percolator, fresh, onDeleted }: { percolator: Percolator; fresh: number; onDeleted: () => void }) {
  const { zone } = usePlace().place.scope;
  return (
    <div class="panel saved-filter">
      <code>{filterText(percolator.where)}</code>
      <details>
        <summary>As JSON</summary>
        <pre>{JSON.stringify(percolator.where, null, 2)}</pre>
      </details>
      <div class="state">
        <dl class="facts">
          <Fact name="Matches" of="Percolator.matchCount">
            {count(percolator.matchCount)}
            {fresh > 0 && ` and ${count(fresh)} since`}
          </Fact>
          <Fact name="Created" of="Percolator.createdAt">
            {moment(percolator.createdAt, zone)}
          </Fact>
          <Fact name="Enabled" of="Percolator.enabled">
            <EnabledSwitch percolator={percolator} />
          </Fact>
        </dl>
        <DeleteButton percolator={percolator} onDeleted={onDeleted} />
      </div>
    </div>
  );
}

const Fact = ({ name, of, children }: { name: string; of: string; children: ComponentChildren }) => (
  <div>
    <dt>
      <Defined of={of}>{name}</Defined>
    </dt>
    <dd>{children}</dd>
  </div>
);

const LiveSign = ({ isLive }: { isLive: boolean }) => (
  <span class={isLive ? "pulse" : "pulse stopped"}>{isLive ? "live" : "stopped"}</span>
);

function columnsOf(zone: string, hrefOf: ReturnType<typeof usePlace>["hrefOf"]): Column<Match>[] {
  const link = (view: string, item: string | null | undefined) =>
    item ? (
      <a class={view === "queries" ? "phrase" : "whole"} href={hrefOf({ view, item })}>
        {item}
      </a>
    ) : (
      "–"
    );
  return [
    {
      name: "matchedAt",
      title: "Matched",
      of: "PercolatorMatch.matchedAt",
      isText: true,
      value: ({ matchedAt }) => matchedAt,
      show: ({ matchedAt }) => <time class="whole" dateTime={matchedAt}>{moment(matchedAt, zone)}</time>,
    },
    {
      name: "interactionType",
      title: "Type",
      isText: true,
      value: ({ interaction }) => interaction.interactionType,
      show: ({ interaction }) => word(interaction.interactionType),
    },
    {
      name: "featureId",
      title: "Item",
      isText: true,
      value: ({ interaction }) => interaction.featureId,
      show: ({ interaction }) => link("items", interaction.featureId),
    },
    {
      name: "text",
      title: "Query",
      isText: true,
      value: ({ interaction }) => interaction.searchRequest?.text ?? null,
      show: ({ interaction }) => link("queries", interaction.searchRequest?.text),
    },
    {
      name: "position",
      title: "Position",
      value: ({ interaction }) => interaction.position,
      show: ({ interaction }) => position(interaction.position),
    },
    {
      name: "sessionId",
      title: "Session",
      isText: true,
      value: ({ interaction }) => interaction.sessionId,
      show: ({ interaction }) => link("sessions", interaction.sessionId),
    },
    {
      name: "matched",
      title: "Matched by",
      of: "PercolatorMatch.matched",
      isText: true,
      value: ({ matched }) => matched.join("; "),
      show: ({ matched }) => (
        <ul class="matched">
          {matched.map((comparison) => (
            <li key={comparison}>
              <code>{comparison}</code>
            </li>
          ))}
        </ul>
      ),
    },
  ];
}

/** The newest first. */
const matchesOf = ({ percolator }: Shown): Match[] => (percolator?.matches.nodes ?? []).flatMap((match) => match ?? []).reverse();

const pageInfoOf = ({ percolator }: Shown): { hasNextPage: boolean; endCursor: string | null } => ({
  hasNextPage: percolator?.matches.pageInfo.hasPreviousPage ?? false,
  endCursor: percolator?.matches.pageInfo.startCursor ?? null,
});
