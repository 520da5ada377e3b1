// What people search for: each text, how often, and what came of it.
import { usePlace } from "../../address/place_context";
import { searchesOf } from "../../address/scope";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { count } from "../../numbers/format";
import {
  AllSearchMeasures,
  measureOf,
  measuresOf,
  searchMeasures,
  searchOrders,
  shortFormatOf,
  type SearchField,
} from "../../numbers/search_measures";
import { type Choice, Choices } from "../../parts/choices";
import { chosenColumns, ColumnChoice } from "../../parts/column_choice";
import { Measure, Measures } from "../../parts/measure";
import { searchColumns } from "../../parts/number_columns";
import { type Column, orderingOf, Table } from "../../parts/table";
import { View } from "../../parts/view";
import { TextFilter, textFilterOf } from "./text_filter";

const QueriesDocument = graphql(
  `
    query Queries($where: SearchRequestWhere!, $orderBy: SearchStatsOrder!, $having: StatsHaving, $first: Int!, $after: String) {
      texts: searchStats(where: $where, groupBy: [QUERY], orderBy: $orderBy, having: $having, first: $first, after: $after) {
        totalCount
        totals { ...AllSearchMeasures }
        nodes {
          key { query }
          stats { ...AllSearchMeasures }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  `,
  [AllSearchMeasures],
);

type Row = ResultOf<typeof QueriesDocument>["texts"]["nodes"][number];

const PAGE = 25;
const OFFERED = searchMeasures.map(({ field }) => field);
const USUAL: readonly SearchField[] = [
  "searches",
  "users",
  "clickThroughRate",
  "averageClickPosition",
  "conversionRate",
  "noResultsRate",
  "abandonmentRate",
  "reformulationRate",
];
const TOTALS = measuresOf(["searches", "users", "clickThroughRate", "noResultsRate", "conversionRate", "abandonmentRate"]);

// Of few searches a rate says little: one search without results would be the worst of all.
const A_FEW = 5;
const QUICK = [
  { title: "Most searched", measure: measureOf("searches"), minSearches: 1 },
  { title: "No results", measure: measureOf("noResultsRate"), minSearches: A_FEW },
  { title: "No clicks", measure: measureOf("noClickRate"), minSearches: A_FEW },
  { title: "Abandoned", measure: measureOf("abandonmentRate"), minSearches: A_FEW },
  { title: "Reformulated", measure: measureOf("reformulationRate"), minSearches: A_FEW },
];

export function QueryList() {
  const { place, now, hrefOf } = usePlace();
  const { scope, parameters } = place;
  const ordering = orderingOf(parameters, searchOrders, "SEARCHES");
  const { contains, minSearches } = textFilterOf(parameters);
  const chosen = chosenColumns(parameters, OFFERED, USUAL);
  // What the rows are ordered by is shown, whatever is chosen.
  const shown = searchMeasures.filter(({ field, order }) => chosen.includes(field) || order === ordering.field);
  const columns: readonly Column<Row>[] = [
    {
      name: "query",
      title: "Text",
      isText: true,
      value: ({ key }) => key.query,
      show: ({ key: { query } }) => (query ? <a href={hrefOf({ item: query })}>{query}</a> : <i>without a text</i>),
    },
    ...searchColumns(shown, { isOrdered: true }),
  ];
  const choices: Choice[] = QUICK.map(({ title, measure: { field, order }, minSearches: min }) => ({
    title,
    of: `SearchStats.${field}`,
    href: hrefOf({ parameters: { sort: `-${order}`, min: min === 1 ? null : String(min) } }),
    isCurrent: ordering.direction === "DESC" && ordering.field === order && minSearches === min,
  }));
  const variables = {
    where: { ...searchesOf(scope, now), ...(contains !== null && { and: [{ text: { contains } }] }) },
    orderBy: ordering,
    having: minSearches > 1 ? { minSearches } : null,
    first: PAGE,
    after: parameters["after"] ?? null,
  };
  return (
    <View
      title="Queries"
      summary="What people search for, and what each text leads to."
      document={QueriesDocument}
      variables={variables}
      download={{ columns, rows: ({ texts }) => texts.nodes, pageInfo: ({ texts }) => texts.pageInfo }}
      isEmpty={({ texts }) => texts.totals.searches === 0}
      unheeded={["metadata"]}
      controls={() => (
        <div class="tools">
          <Choices label="Quick choices" choices={choices} />
          <TextFilter contains={contains} minSearches={minSearches} />
        </div>
      )}
    >
      {({ texts }) => (
        <>
          <Measures>
            {TOTALS.map((measure) => (
              <Measure
                key={measure.field}
                name={measure.name}
                of={`SearchStats.${measure.field}`}
                value={shortFormatOf(measure)(texts.totals[measure.field])}
              />
            ))}
          </Measures>
          <div class="tools">
            <p class="note">{sizeOf(texts.totalCount, minSearches)}</p>
            <ColumnChoice
              offered={searchMeasures.map(({ field, name }) => ({ name: field, title: name, of: `SearchStats.${field}` }))}
              chosen={chosen}
            />
          </div>
          {ordering.field === "ABANDONMENT_RATE" && (
            <p class="note">
              An abandoned search is the last of its session, and led to nothing but views.{" "}
              <a href={hrefOf({ view: "sessions", parameters: { abandoned: "yes" } })}>Sessions that ended so, the newest first</a>
            </p>
          )}
          {texts.nodes.length > 0 ? (
            <Table
              caption="Searched texts"
              columns={columns}
              rows={texts.nodes}
              keyOf={({ key }) => key.query ?? ""}
              ordering={ordering}
              pageInfo={texts.pageInfo}
            />
          ) : (
            <p class="empty">No text was searched for so often. Ask for fewer searches above.</p>
          )}
        </>
      )}
    </View>
  );
}

// Where counting stops, unless another number is asked for.
const COUNTED = 10_000;

function sizeOf(totalCount: number | null, minSearches: number): string {
  const texts = totalCount === 1 ? "1 text" : `${totalCount === COUNTED ? "at least " : ""}${count(totalCount)} texts`;
  return minSearches > 1 ? `${texts} with at least ${count(minSearches)} searches` : texts;
}
