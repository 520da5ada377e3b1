// The keys that searches are filtered by, with what these searches led to.
import { usePlace } from "../../address/place_context";
import { searchesOf, typedOf } from "../../address/scope";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { count } from "../../numbers/format";
import { AllSearchMeasures, measuresOf, searchMeasures, searchOrders, shortFormatOf, type SearchField, type SearchMeasure } from "../../numbers/search_measures";
import { chosenColumns, ColumnChoice } from "../../parts/column_choice";
import { FilterValue } from "../../parts/filter_tree";
import { Measure, Measures } from "../../parts/measure";
import { searchColumns } from "../../parts/number_columns";
import { type Column, orderingOf, Table } from "../../parts/table";
import { View } from "../../parts/view";
import { OUTCOME } from "./filter_outcome";

const FilterKeysDocument = graphql(
  `
    query FilterKeys($searches: SearchRequestWhere!, $orderBy: FilterUsageOrder!, $first: Int!, $after: String) {
      all: searchStats(where: $searches) { totals { ...AllSearchMeasures } }
      byKey: searchStats(where: $searches, groupBy: [FILTER_KEY], orderBy: { field: SEARCHES }, first: 20) {
        nodes { key { filterKey } stats { ...AllSearchMeasures } }
      }
      usage: filterUsage(where: $searches, orderBy: $orderBy, first: $first, after: $after) {
        totalCount
        nodes {
          key
          searches
          stats { ...AllSearchMeasures }
          values(first: 3) { value }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  `,
  [AllSearchMeasures],
);

type KeyRow = ResultOf<typeof FilterKeysDocument>["usage"]["nodes"][number];

const PAGE = 25;

// A key's searches are `FilterUsage.searches`, which always stand there.
const offered = searchMeasures.filter(({ field }) => field !== "searches");
const OFFERED = offered.map(({ field }) => field);
const USUAL: readonly SearchField[] = OUTCOME;

export default function FilterKeysView() {
  const { place, now } = usePlace();
  const { scope, parameters } = place;
  const ordering = orderingOf(parameters, searchOrders, "SEARCHES");
  const chosen = chosenColumns(parameters, OFFERED, USUAL);
  // What the rows are ordered by is shown, whatever is chosen.
  const shown = offered.filter(({ field, order }) => chosen.includes(field) || order === ordering.field);
  const columns = [...firstColumns, ...searchColumns(shown, { isOrdered: true }), mostUsedValues];
  return (
    <View
      title="Filters"
      summary="Which keys searches are filtered by, anywhere in their filter trees, and what these searches lead to."
      document={FilterKeysDocument}
      variables={{ searches: searchesOf(scope, now), orderBy: ordering, first: PAGE, after: parameters["after"] ?? null }}
      download={{ columns, rows: ({ usage }) => usage.nodes, pageInfo: ({ usage }) => usage.pageInfo }}
      isEmpty={({ usage }) => usage.nodes.length === 0}
      empty="None of these searches was filtered. Choose a longer range or fewer filters above."
      unheeded={["metadata"]}
    >
      {({ all: { totals }, byKey, usage }) => (
        <>
          <h2>All searches, filtered or not</h2>
          <Measures>
            {measuresOf(["searches", ...OUTCOME]).map((measure) => (
              <Measure
                key={measure.field}
                name={measure.name}
                of={`SearchStats.${measure.field}`}
                value={shortFormatOf(measure)(totals[measure.field])}
              >
                <WithoutFilters byKey={byKey} measure={measure} />
              </Measure>
            ))}
          </Measures>
          <h2>Searches by the keys of their filters</h2>
          <div class="tools">
            <p class="note">{usage.totalCount === 1 ? "1 key" : `${count(usage.totalCount)} keys`}</p>
            <ColumnChoice
              offered={offered.map(({ field, name }) => ({ name: field, title: name, of: `SearchStats.${field}` }))}
              chosen={chosen}
            />
          </div>
          <Table
            caption="Keys of filters"
            columns={columns}
            rows={usage.nodes}
            keyOf={({ key }) => key}
            ordering={ordering}
            pageInfo={usage.pageInfo}
          />
        </>
      )}
    </View>
  );
}

const firstColumns: readonly Column<KeyRow>[] = [
  { name: "key", title: "Key", of: "FilterUsage.key", isText: true, value: ({ key }) => key, show: ({ key }) => <KeyLink name={key} /> },
  {
    name: "searches",
    title: "Searches",
    of: "FilterUsage.searches",
    order: "SEARCHES",
    value: ({ searches }) => searches,
    show: ({ searches }) => count(searches),
  },
];

const mostUsedValues: Column<KeyRow> = {
  name: "mostUsedValues",
  title: "Most used values",
  of: "FilterUsage.values",
  isText: true,
  value: ({ values }) => values.map(({ value }) => typedOf(value)).join(", "),
  show: ({ key, values }) => (
    <span class="values">
      {values.map(({ value }) => (
        <FilterValue key={typedOf(value)} filterKey={key} value={value} />
      ))}
    </span>
  ),
};

interface WithoutFiltersProps {
  byKey: ResultOf<typeof FilterKeysDocument>["byKey"];
  measure: SearchMeasure;
}

/** The same number of searches without filters. These are a group, whose key is null: where few are, it isn't among the first. */
function WithoutFilters({ byKey, measure }: WithoutFiltersProps) {
  const group = byKey.nodes.find(({ key }) => key.filterKey === null);
  if (!group) return null;
  return <span class="change">without filters {shortFormatOf(measure)(group.stats[measure.field])}</span>;
}

function KeyLink({ name }: { name: string }) {
  const { hrefOf } = usePlace();
  return <a href={hrefOf({ item: name })}>{name}</a>;
}
