// One item: what people do with it, at which positions, for which searches, and what that says of it.
import { clocksBetween, instantOf, intervalOf, periodBefore, periodOf } from "../../address/period";
import { usePlace } from "../../address/place_context";
import { interactionsOf } from "../../address/scope";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { shortCount, shortMoney } from "../../numbers/format";
import { interactionMeasures, InteractionNumbers } from "../../numbers/interaction_measures";
import { Bucket, ByPosition, USUAL_EDGES } from "../../parts/by_position";
import { Measure } from "../../parts/measure";
import { MeasuresOverTime, shownOf } from "../../parts/measures_over_time";
import { orderingOf } from "../../parts/table";
import { View } from "../../parts/view";
import { ItemInteraction, Latest } from "./latest";
import { LeadingQueries, Queries, QUERY_ORDERS, queriesIn, queryColumns } from "./leading_queries";
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
      $first: Int!
      $after: String
    ) {
      feature(featureId: $featureId) {
        signals(halfLifeDays: $halfLifeDays, asOf: $asOf) { ...ItemSignals }
      }
      now: interactionStats(where: $where, interval: $interval, timeZone: $timeZone) {
        totals {
          ...InteractionNumbers
          interactions
          searches
          users
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
      queries: interactionStats(where: $where, groupBy: [{ by: QUERY }], orderBy: $orderBy, first: $first, after: $after) {
        ...LeadingQueries
      }
      interactions(where: $where, first: 10) {
        nodes { ...ItemInteraction }
      }
    }
  `,
  [ItemSignals, InteractionNumbers, Bucket, LeadingQueries, ItemInteraction],
);

type Item = ResultOf<typeof ItemDocument>;

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
  const { place, now, hrefOf } = usePlace();
  const { scope, parameters } = place;
  const period = periodOf(scope.range, scope.zone, now);
  const earlier = periodBefore(period);
  const ordering = orderingOf(parameters, QUERY_ORDERS, "CLICKS");
  const isCompared = parameters["beside"] === "all";
  // Signals are as of now, unless the range ends before.
  const until = period.to.epochMilliseconds < now ? instantOf(period.to) : null;
  const ofItem = { featureId: { eq: featureId } };
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
        first: 10,
        after: parameters["after"] ?? null,
      }}
      download={{
        columns: queryColumns,
        rows: ({ queries }) => queriesIn(queries).nodes,
        pageInfo: ({ queries }) => queriesIn(queries).pageInfo,
      }}
      isEmpty={({ feature, now: { totals } }) => feature.signals.interactions === 0 && totals.interactions === 0}
      empty="Choose a longer range or fewer filters above, or check how the item’s id is written and which namespace is chosen."
    >
      {(data) => (
        <>
          {data.now.totals.interactions > 0 ? (
            <Numbers data={data} zone={scope.zone} shift={clocksBetween(earlier, period)} />
          ) : (
            <p class="empty">
              Nothing was done with the item in this range of time with these filters: choose a longer range or fewer filters above.
            </p>
          )}
          <Signals signals={data.feature.signals} until={until} />
          {data.now.totals.interactions > 0 && (
            <>
              <Positions data={data} isCompared={isCompared} />
              <Queries queries={data.queries} ordering={ordering} />
              <Latest interactions={data.interactions.nodes} />
            </>
          )}
        </>
      )}
    </View>
  );
}

function Numbers({ data: { now, before }, zone, shift }: { data: Item; zone: string; shift: number }) {
  const { interactions, searches, users, revenue } = now.totals;
  return (
    <MeasuresOverTime measures={MEASURES.map((measure) => shownOf(measure, "InteractionStats", now, before))} zone={zone} shift={shift}>
      <Measure name="Interactions" of="InteractionStats.interactions" value={shortCount(interactions)} />
      <Measure name="Searches" of="InteractionStats.searches" value={shortCount(searches)} />
      <Measure name="Users" of="InteractionStats.users" value={shortCount(users)} />
      {revenue.map(({ currency, amount }) => (
        <Measure
          key={currency}
          name={currency === null ? "Revenue" : `Revenue, ${currency}`}
          of="InteractionStats.revenue"
          value={shortMoney(amount)}
        />
      ))}
    </MeasuresOverTime>
  );
}

function Positions({ data: { now, allItems }, isCompared }: { data: Item; isCompared: boolean }) {
  const { place, go } = usePlace();
  const after = place.parameters["after"] ?? null;
  return (
    <section>
      <div class="tools">
        <h2>By position</h2>
        <label class="choice">
          <input
            type="checkbox"
            checked={isCompared}
            onChange={({ currentTarget }) => go({ parameters: { beside: currentTarget.checked ? "all" : null, after } })}
          />
          Compare with all items
        </label>
      </div>
      <ByPosition buckets={now.totals.positions} all={allItems?.totals.positions} />
    </section>
  );
}
