// One item: what people do with it, at which positions, for which searches, and what that says of it.
import { clocksBetween, instantOf, intervalOf, periodBefore, periodOf } from "../../address/period";
import { usePlace } from "../../address/place_context";
import { interactionsOf } from "../../address/scope";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { count, mean, money, rate } from "../../numbers/format";
import { interactionMeasures, InteractionNumbers } from "../../numbers/interaction_measures";
import { Bucket, ByPosition, USUAL_EDGES } from "../../parts/by_position";
import { Measure } from "../../parts/measure";
import { MeasuresOverTime, shownOf } from "../../parts/measures_over_time";
import { type Column, orderingOf, Table } from "../../parts/table";
import { View } from "../../parts/view";
import { ItemInteraction, Latest } from "./latest";
import { halfLifeOf, ItemSignals, Signals } from "./signals";

const ItemDocument = graphql(
  `
    query Item(
      $featureId: ID!
      $halfLifeDays: Float!
      $asOf: DateTime
      $where: InteractionWhere!
      $whereBefore: InteractionWhere!
      $interval: TimeInterval!
      $timeZone: String!
      $edges: [Int!]!
      $isCompared: Boolean!
      $allItems: InteractionWhere!
      $orderBy: InteractionStatsOrder!
      $after: String
    ) {
      feature(featureId: $featureId) {
        signals(halfLifeDays: $halfLifeDays, asOf: $asOf) { ...ItemSignals }
      }
      now: interactionStats(where: $where, interval: $interval, timeZone: $timeZone) {
        totals {
          ...InteractionNumbers
          interactions
          revenue { currency amount }
          positions(edges: $edges) { ...Bucket }
        }
        nodes { series { from to stats { ...InteractionNumbers } } }
      }
      before: interactionStats(where: $whereBefore, interval: $interval, timeZone: $timeZone) {
        totals { ...InteractionNumbers }
        nodes { series { from to stats { ...InteractionNumbers } } }
      }
      allItems: interactionStats(where: $allItems) @include(if: $isCompared) {
        totals { positions(edges: $edges) { ...Bucket } }
      }
      queries: interactionStats(where: $where, groupBy: [{ by: QUERY }], orderBy: $orderBy, first: 10, after: $after) {
        totalCount
        nodes {
          key { query }
          stats { views clicks clicksPerView clicksPerViewLowerBound averageClickPosition }
        }
        pageInfo { hasNextPage endCursor }
      }
      interactions(where: $where, first: 10) {
        nodes { ...ItemInteraction }
      }
    }
  `,
  [ItemSignals, InteractionNumbers, Bucket, ItemInteraction],
);

type Query = ResultOf<typeof ItemDocument>["queries"]["nodes"][number];

const ORDERS = ["CLICKS", "VIEWS", "CLICKS_PER_VIEW", "CLICKS_PER_VIEW_LOWER_BOUND", "AVERAGE_CLICK_POSITION"] as const;

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
    title: "At least",
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

const MEASURES = interactionMeasures(
  "clicks",
  "views",
  "clicksPerView",
  "clicksPerViewLowerBound",
  "averageClickPosition",
  "negativeRate",
  "averageDurationMs",
);

export function OneItem({ featureId }: { featureId: string }) {
  const { place, now, go, hrefOf } = usePlace();
  const { scope, parameters } = place;
  const period = periodOf(scope.range, scope.zone, now);
  const earlier = periodBefore(period);
  const ordering = orderingOf(parameters, ORDERS, "CLICKS");
  const isCompared = parameters["beside"] === "all";
  // Signals are as of now, unless the range ends before.
  const until = period.to.epochMilliseconds < now ? instantOf(period.to) : null;
  const ofItem = { featureId: { eq: featureId } };
  const columns: readonly Column<Query>[] = [
    {
      name: "query",
      title: "Query",
      isText: true,
      value: ({ key }) => key.query,
      show: ({ key: { query } }) =>
        query ? <a href={hrefOf({ view: "queries", item: query })}>{query}</a> : query === null ? "without a search" : "without a text",
    },
    ...numberColumns,
  ];
  return (
    <View
      title={featureId}
      summary={<a href={hrefOf({ item: null })}>All items</a>}
      document={ItemDocument}
      variables={{
        featureId,
        halfLifeDays: halfLifeOf(parameters),
        asOf: until,
        where: { ...interactionsOf(scope, now), ...ofItem },
        whereBefore: { ...interactionsOf(scope, now, earlier), ...ofItem },
        interval: intervalOf(period),
        timeZone: scope.zone,
        edges: [...USUAL_EDGES],
        isCompared,
        allItems: interactionsOf(scope, now),
        orderBy: ordering,
        after: parameters["after"] ?? null,
      }}
      download={{ columns, rows: ({ queries }) => queries.nodes, pageInfo: ({ queries }) => queries.pageInfo }}
      isEmpty={({ feature, now: { totals } }) => feature.signals.interactions === 0 && totals.interactions === 0}
      empty="Nothing was recorded of an item with this id; check how it is written, and which namespace is chosen."
    >
      {({ feature, now: shown, before, allItems, queries, interactions }) => (
        <>
          <MeasuresOverTime
            measures={MEASURES.map((measure) => shownOf(measure, "InteractionStats", shown, before))}
            zone={scope.zone}
            shift={clocksBetween(earlier, period)}
          >
            {shown.totals.revenue.map(({ currency, amount }) => (
              <Measure key={currency} name={currency === null ? "Revenue" : `Revenue, ${currency}`} of="InteractionStats.revenue" value={money(amount, null)} />
            ))}
          </MeasuresOverTime>
          <Signals signals={feature.signals} until={until} />
          <div class="tools">
            <h2>By position</h2>
            <label class="choice">
              <input
                type="checkbox"
                checked={isCompared}
                onChange={({ currentTarget }) =>
                  go({ parameters: { beside: currentTarget.checked ? "all" : null, after: parameters["after"] ?? null } })
                }
              />
              Compare with all items
            </label>
          </div>
          <ByPosition buckets={shown.totals.positions} all={allItems?.totals.positions} />
          <h2>Queries that lead to it ({count(queries.totalCount)})</h2>
          <Table
            caption="Queries that lead to the item"
            columns={columns}
            rows={queries.nodes}
            keyOf={({ key }) => JSON.stringify(key.query)}
            ordering={ordering}
            pageInfo={queries.pageInfo}
          />
          <h2>Latest interactions</h2>
          <Latest interactions={interactions.nodes} />
        </>
      )}
    </View>
  );
}
