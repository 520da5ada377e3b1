// The searches that lead to an item, by what was searched for.
import { usePlace } from "../../address/place_context";
import { type FragmentOf, graphql, readFragment, type ResultOf } from "../../gateway/graphql";
import { count } from "../../numbers/format";
import { interactionColumns, interactionOrders } from "../../parts/number_columns";
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

const NUMBERS = ["views", "clicks", "clicksPerView", "clicksPerViewLowerBound", "averageClickPosition"] as const;

export const QUERY_ORDERS = interactionOrders(NUMBERS);

export const queryColumns: readonly Column<Query>[] = [
  { name: "query", title: "Query", isText: true, value: ({ key }) => key.query, show: ({ key }) => <QueryLink text={key.query} /> },
  ...interactionColumns(NUMBERS),
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
