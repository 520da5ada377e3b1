// The latest searches for a text: what became of each, and the session that it was part of.
import { usePlace } from "../../address/place_context";
import { type FragmentOf, graphql, readFragment, type ResultOf } from "../../gateway/graphql";
import { count, moment, position } from "../../numbers/format";
import { type Column, Table } from "../../parts/table";

export const SearchesOfQuery = graphql(`
  fragment SearchesOfQuery on SearchRequestConnection {
    nodes {
      searchRequestId
      firstSeenAt
      resultCount
      filters { text }
      session { sessionId }
      outcome { clicked converted noResults abandoned reformulated lowestClickedPosition }
    }
  }
`);

type Search = NonNullable<ResultOf<typeof SearchesOfQuery>["nodes"][number]>;

export function LatestSearches({ searches, zone }: { searches: FragmentOf<typeof SearchesOfQuery>; zone: string }) {
  const { hrefOf } = usePlace();
  const rows = readFragment(SearchesOfQuery, searches).nodes.filter((search) => search !== null);
  const columns: readonly Column<Search>[] = [
    {
      name: "firstSeenAt",
      title: "When",
      isText: true,
      value: ({ firstSeenAt }) => firstSeenAt,
      show: ({ firstSeenAt }) => <time class="whole" dateTime={firstSeenAt}>{moment(firstSeenAt, zone)}</time>,
    },
    { name: "resultCount", title: "Results", value: ({ resultCount }) => resultCount, show: ({ resultCount }) => count(resultCount) },
    { name: "outcome", title: "What became of it", isText: true, value: outcomeOf },
    {
      name: "filters",
      title: "Filters",
      isText: true,
      value: ({ filters }) => filters?.text ?? null,
      show: ({ searchRequestId, filters }) =>
        filters && (
          <a class="filter-text" href={hrefOf({ view: "filters", parameters: { request: searchRequestId } })}>
            <code>{filters.text}</code>
          </a>
        ),
    },
    {
      name: "session",
      title: "Session",
      isText: true,
      value: ({ session }) => session?.sessionId ?? null,
      show: ({ session }) =>
        session && (
          <a class="whole" href={hrefOf({ view: "sessions", item: session.sessionId })}>
            {session.sessionId}
          </a>
        ),
    },
  ];
  return (
    <section>
      <h2>Latest searches</h2>
      {rows.length > 0 ? (
        <Table caption="Latest searches" columns={columns} rows={rows} keyOf={({ searchRequestId }) => searchRequestId} />
      ) : (
        <p class="empty">The searches themselves aren’t recorded yet, only what they led to.</p>
      )}
    </section>
  );
}

function outcomeOf({ outcome }: Search): string {
  const { clicked, converted, noResults, abandoned, reformulated, lowestClickedPosition } = outcome;
  const became = [
    noResults && "no results",
    clicked && (lowestClickedPosition === null ? "clicked" : `clicked at ${position(lowestClickedPosition)}`),
    converted && "converted",
    reformulated && "reformulated",
    abandoned && "given up",
  ].filter((part) => part !== false);
  return became.join(", ") || "nothing";
}
