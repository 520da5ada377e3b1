// Which items are seen, clicked and disliked, by whatever the API orders items by.
import { usePlace } from "../../address/place_context";
import { interactionsOf } from "../../address/scope";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { count } from "../../numbers/format";
import { interactionMeasures, InteractionNumbers } from "../../numbers/interaction_measures";
import { AtLeast, limitOf } from "../../parts/at_least";
import { Choices } from "../../parts/choices";
import { Measure, Measures } from "../../parts/measure";
import { interactionColumns, interactionOrders } from "../../parts/number_columns";
import { type Column, orderingOf, Table } from "../../parts/table";
import { View } from "../../parts/view";

const ItemsDocument = graphql(
  `
    query Items($where: InteractionWhere!, $orderBy: InteractionStatsOrder!, $minViews: Int!, $first: Int!, $after: String) {
      interactionStats(
        where: $where
        groupBy: [{ by: FEATURE }]
        orderBy: $orderBy
        having: { minViews: $minViews }
        first: $first
        after: $after
      ) {
        totalCount
        totals { ...InteractionNumbers }
        nodes {
          key { feature { featureId } }
          stats { ...InteractionNumbers coec }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  `,
  [InteractionNumbers],
);

type Item = ResultOf<typeof ItemsDocument>["interactionStats"]["nodes"][number];

// What was never seen: among them the texts and keys that refinements and filter toggles name in an item's place. They
// aren't left out by their types, as then no daily counts could answer: of 375,000 interactions that took 1.5 s, and 0.13 s.
const USUAL_VIEWS = 1;

const NUMBERS = [
  "views",
  "clicks",
  "clicksPerView",
  "clicksPerViewLowerBound",
  "coec",
  "negativeRate",
  "averageClickPosition",
  "averageDurationMs",
] as const;
const ORDERS = interactionOrders(NUMBERS);

/** `minViews`: ratios of what hardly anybody has seen say little. */
const CHOICES = [
  { title: "Most clicked", order: "CLICKS", minViews: USUAL_VIEWS, of: "clicks" },
  { title: "Best rate", order: "CLICKS_PER_VIEW_LOWER_BOUND", minViews: USUAL_VIEWS, of: "clicksPerViewLowerBound" },
  { title: "Better than its positions", order: "COEC", minViews: 20, of: "coec" },
  { title: "Most disliked", order: "NEGATIVE_RATE", minViews: 20, of: "negativeRate" },
] as const;

const TOTALS = interactionMeasures("views", "clicks", "clicksPerView", "averageClickPosition", "negativeRate", "averageDurationMs");

const idOf = ({ key }: Item): string => key.feature?.featureId ?? "";

export function ItemList() {
  const { place, now, go, hrefOf } = usePlace();
  const { scope, parameters } = place;
  const ordering = orderingOf(parameters, ORDERS, "CLICKS");
  const minViews = parameters["views"] === undefined ? USUAL_VIEWS : limitOf(parameters["views"]);
  const viewsIn = (views: number) => (views === USUAL_VIEWS ? null : String(views));
  const columns: readonly Column<Item>[] = [
    {
      name: "item",
      title: "Item",
      isText: true,
      value: idOf,
      show: (item) => <a href={hrefOf({ item: idOf(item) })}>{idOf(item)}</a>,
    },
    ...interactionColumns(NUMBERS),
  ];
  return (
    <View
      title="Items"
      summary="What people see, click and dislike, whatever they searched for."
      document={ItemsDocument}
      variables={{
        where: interactionsOf(scope, now),
        orderBy: ordering,
        minViews,
        first: 25,
        after: parameters["after"] ?? null,
      }}
      download={{ columns, rows: ({ interactionStats }) => interactionStats.nodes, pageInfo: ({ interactionStats }) => interactionStats.pageInfo }}
      controls={() => (
        <div class="tools">
          <Choices
            label="Quick choices"
            choices={CHOICES.map(({ title, order, minViews: views, of }) => ({
              title,
              of: `InteractionStats.${of}`,
              href: hrefOf({ parameters: { sort: `-${order}`, views: viewsIn(views) } }),
              isCurrent: ordering.field === order && ordering.direction === "DESC",
            }))}
          />
          <AtLeast title="Views, at least" value={minViews} choose={(views) => go({ parameters: { views: viewsIn(views) } })} />
        </div>
      )}
      isEmpty={({ interactionStats }) => interactionStats.nodes.length === 0}
      empty={
        minViews > 0 ? (
          <>
            No item has {count(minViews)} views or more. <a href={hrefOf({ parameters: { views: "0" } })}>Show items with any number of views</a>.
          </>
        ) : undefined
      }
    >
      {({ interactionStats: { totals, totalCount, nodes, pageInfo } }) => (
        <>
          <Measures>
            {TOTALS.map(({ field, name, format }) => (
              <Measure key={field} name={name} of={`InteractionStats.${field}`} value={format(totals[field])} />
            ))}
          </Measures>
          <h2>{count(totalCount)} items</h2>
          <Table caption="Items and their numbers" columns={columns} rows={nodes} keyOf={idOf} ordering={ordering} pageInfo={pageInfo} />
        </>
      )}
    </View>
  );
}
