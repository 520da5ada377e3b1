// What people filtered by who searched for a text.
import { usePlace } from "../../address/place_context";
import { typedOf } from "../../address/scope";
import { type FragmentOf, graphql, readFragment, type ResultOf } from "../../gateway/graphql";
import { count } from "../../numbers/format";
import { measuresOf } from "../../numbers/search_measures";
import { searchColumns } from "../../parts/number_columns";
import { type Column, Table } from "../../parts/table";

export const FiltersOfQuery = graphql(`
  fragment FiltersOfQuery on FilterUsageConnection {
    nodes {
      key
      searches
      stats { clickThroughRate noResultsRate }
      values(first: 3) { value searches }
    }
    pageInfo { hasNextPage }
  }
`);

type Usage = ResultOf<typeof FiltersOfQuery>["nodes"][number];

export function UsedFilters({ filters, text }: { filters: FragmentOf<typeof FiltersOfQuery>; text: string }) {
  const { hrefOf } = usePlace();
  const { nodes, pageInfo } = readFragment(FiltersOfQuery, filters);
  const columns: readonly Column<Usage>[] = [
    {
      name: "key",
      title: "Filter",
      isText: true,
      value: ({ key }) => key,
      show: ({ key }) => <a href={hrefOf({ view: "filters", item: key, scope: { text } })}>{key}</a>,
    },
    { name: "searches", title: "Searches", of: "FilterUsage.searches", value: ({ searches }) => searches, show: ({ searches }) => count(searches) },
    ...searchColumns(measuresOf(["clickThroughRate", "noResultsRate"]), { isOrdered: false }),
    {
      name: "values",
      title: "Most used values",
      of: "FilterUsage.values",
      isText: true,
      value: ({ values }) => values.map(({ value }) => typedOf(value)).join(", "),
      show: ({ key, values }) => (
        <span class="values">
          {values.map(({ value, searches }) => (
            <span key={typedOf(value)}>
              <a href={hrefOf({ scope: { condition: { key, value: typedOf(value) } } })}>{typedOf(value)}</a>{" "}
              <span class="faint">{count(searches)}</span>
            </span>
          ))}
        </span>
      ),
    },
  ];
  return (
    <section>
      <h2>Filters used with it</h2>
      {nodes.length > 0 ? (
        <Table caption="Filters used with it" columns={columns} rows={nodes} keyOf={({ key }) => key} />
      ) : (
        <p class="empty">Nobody filtered these searches.</p>
      )}
      {pageInfo.hasNextPage && (
        <p class="note">
          <a href={hrefOf({ view: "filters", scope: { text } })}>All filters used with it</a>
        </p>
      )}
    </section>
  );
}
