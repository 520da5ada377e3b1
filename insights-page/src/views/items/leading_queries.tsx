// The searches that lead to an item, by what was searched for.
import { usePlace } from "../../address/place_context";
import { type FragmentOf, graphql, readFragment, type ResultOf } from "../../gateway/graphql";
import { count, mean, rate } from "../../numbers/format";
import { type Column, type Ordering, Table } from "../../parts/table";

export const LeadingQueries = graphql(`
  fragment LeadingQueries on InteractionStatsConnection {
    totalCount
    nodes {
      key { query }
      stats { views clicks clicksPerView clicksPerViewLowerBound averageClickPosition }
    }
    pageInfo { hasNextPage endCursor }
  }
`);

type Query = ResultOf<typeof LeadingQueries>["nodes"][number];

export const QUERY_ORDERS = ["CLICKS", "VIEWS", "CLICKS_PER_VIEW", "CLICKS_PER_VIEW_LOWER_BOUND", "AVERAGE_CLICK_POSITION"] as const;

const numberColumns: readonly Column<Query>[] = [
  { name: "views", title: "Views", of: "InteractionStats.views", order: "VIEWS", value: ({ stats }) => stats.views, show: ({ stats }) => count(stats.views) },
  { name: "clicks", title: "Clicks", of: "InteractionStats.clicks", order: "CLICKS", value: ({ stats }) => stats.clicks, show: ({ stats }) => count(stats.clicks) },
  {
    name: "clicksPerView",
    title: "Clicks per view",
    of: "InteractionStats.clicksPerView",
    order: "CLICKS_PER_VIEW",
    value: ({ stats }) => stats.clicksPerView,
    show: ({ stats }) => rate(stats.clicksPerView),
  },
  {
    name: "clicksPerViewLowerBound",
    title: "Lower bound",
    of: "InteractionStats.clicksPerViewLowerBound",
    order: "CLICKS_PER_VIEW_LOWER_BOUND",
    value: ({ stats }) => stats.clicksPerViewLowerBound,
    show: ({ stats }) => rate(stats.clicksPerViewLowerBound),
  },
  {
    name: "averageClickPosition",
    title: "Click position",
    of: "InteractionStats.averageClickPosition",
    order: "AVERAGE_CLICK_POSITION",
    value: ({ stats }) => stats.averageClickPosition,
    show: ({ stats }) => mean(stats.averageClickPosition),
  },
];

export const queryColumns: readonly Column<Query>[] = [
  { name: "query", title: "Query", isText: true, value: ({ key }) => key.query, show: ({ key }) => <QueryLink text={key.query} /> },
  ...numberColumns,
];

export const queriesIn = (queries: FragmentOf<typeof LeadingQueries>) => readFragment(LeadingQueries, queries);

/** `text`: null for what was done without a search. */
function QueryLink({ text }: { text: string | null }) {
  const { hrefOf } = usePlace();
  if (text === null) return <>without a search</>;
  if (text === "") return <>without a text</>;
  return <a href={hrefOf({ view: "queries", item: text })}>{text}</a>;
}

export function Queries({ queries, ordering }: { queries: FragmentOf<typeof LeadingQueries>; ordering: Ordering }) {
  const { totalCount, nodes, pageInfo } = queriesIn(queries);
  return (
    <section>
      <h2>Queries that lead to it ({count(totalCount)})</h2>
      <Table
        caption="Queries that lead to the item"
        columns={queryColumns}
        rows={nodes}
        keyOf={({ key }) => JSON.stringify(key.query)}
        ordering={ordering}
        pageInfo={pageInfo}
      />
    </section>
  );
}
