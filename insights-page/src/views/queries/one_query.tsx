// One searched text: what came of it, what was clicked, how it was filtered, and what was searched before and after.
import { clocksBetween, intervalOf, periodBefore, periodOf } from "../../address/period";
import { usePlace } from "../../address/place_context";
import { interactionsOf, searchesOf } from "../../address/scope";
import { Course } from "../../charts/course";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { AllSearchMeasures, comparison, measureOf, measuresOf, searchMeasures, shortFormatOf } from "../../numbers/search_measures";
import { Measure, Measures, NothingBefore } from "../../parts/measure";
import { type Column, orderingOf } from "../../parts/table";
import { View } from "../../parts/view";
import { ClickedItems, clickOrders, ClicksOfQuery, clicksWere, PositionsOfClicks } from "./clicked_items";
import { LatestSearches, SearchesOfQuery } from "./latest_searches";
import { EarlierSearch, LaterSearch, Reformulations } from "./reformulations";
import { FiltersOfQuery, UsedFilters } from "./used_filters";

const QueryDocument = graphql(
  `
    query Query(
      $searches: SearchRequestWhere!
      $searchesBefore: SearchRequestWhere!
      $reformulated: SearchRequestWhere!
      $interactions: InteractionWhere!
      $interval: TimeInterval!
      $timeZone: String!
      $orderBy: InteractionStatsOrder!
      $after: String
    ) {
      now: searchStats(where: $searches, interval: $interval, timeZone: $timeZone) {
        totals { ...AllSearchMeasures }
        nodes { series { from to stats { ...AllSearchMeasures } } }
      }
      before: searchStats(where: $searchesBefore, interval: $interval, timeZone: $timeZone) {
        totals { ...AllSearchMeasures }
        nodes { series { from to stats { ...AllSearchMeasures } } }
      }
      clicked: interactionStats(
        where: $interactions
        groupBy: [{ by: FEATURE }]
        having: { minClicks: 1 }
        orderBy: $orderBy
        first: 10
        after: $after
      ) { ...ClicksOfQuery }
      filters: filterUsage(where: $searches, first: 10) { ...FiltersOfQuery }
      later: searchRequests(where: $reformulated, first: 100) { ...LaterSearch }
      earlier: searchRequests(where: $searches, first: 100) { ...EarlierSearch }
      latest: searchRequests(where: $searches, first: 10) { ...SearchesOfQuery }
    }
  `,
  [AllSearchMeasures, ClicksOfQuery, FiltersOfQuery, LaterSearch, EarlierSearch, SearchesOfQuery],
);

type Stats = ResultOf<typeof QueryDocument>["now"];
type Bucket = NonNullable<Stats["nodes"][number]["series"]>[number];

const MEASURES = measuresOf([
  "searches",
  "users",
  "clickThroughRate",
  "conversionRate",
  "noResultsRate",
  "abandonmentRate",
  "reformulationRate",
  "averageClickPosition",
  "meanReciprocalRank",
  "averageMsToFirstClick",
  "averageResultCount",
  "purchaseRate",
]);

const columns: readonly Column<Bucket>[] = [
  { name: "from", title: "From", value: ({ from }) => from },
  ...searchMeasures.map(({ field, name }) => ({ name: field, title: name, value: ({ stats }: Bucket) => stats[field] })),
];

export function OneQuery({ text }: { text: string }) {
  const { place, now, go, hrefOf } = usePlace();
  const { parameters } = place;
  // Rates can't be narrowed by metadata; so that all numbers are of the same searches, neither are clicks.
  const scope = { ...place.scope, text, metadata: null };
  const period = periodOf(scope.range, scope.zone, now);
  const earlier = periodBefore(period);
  const searches = searchesOf(scope, now);
  const ordering = orderingOf(parameters, clickOrders, "CLICKS");
  const variables = {
    searches,
    searchesBefore: searchesOf(scope, now, earlier),
    reformulated: { ...searches, outcome: { reformulated: true } },
    interactions: interactionsOf(scope, now),
    interval: intervalOf(period),
    timeZone: scope.zone,
    orderBy: ordering,
    after: parameters["after"] ?? null,
  };
  const chosen = MEASURES.find(({ field }) => field === parameters["measure"]) ?? measureOf("searches");
  return (
    <View
      title={text}
      summary={
        <>
          What came of the searches for this text, against as long a time before. <a href={hrefOf({ view: "queries" })}>All queries</a>
        </>
      }
      document={QueryDocument}
      variables={variables}
      download={{ columns, rows: (data) => bucketsOf(data.now) }}
      isEmpty={(data) => data.now.totals.searches === 0 && !clicksWere(data.clicked)}
      unheeded={["text", "metadata"]}
    >
      {(data) => (
        <>
          <Measures>
            {MEASURES.map((measure) => (
              <Measure
                key={measure.field}
                name={measure.name}
                of={`SearchStats.${measure.field}`}
                choose={() => go({ parameters: { measure: measure.field, after: parameters["after"] ?? null } })}
                isChosen={measure.field === chosen.field}
                {...comparisonOf(measure, data)}
              />
            ))}
          </Measures>
          {data.before.totals.searches === 0 && <NothingBefore />}
          <h2>{chosen.name} over time</h2>
          <Course
            name={chosen.name}
            field={chosen.field}
            buckets={bucketsOf(data.now)}
            before={bucketsOf(data.before)}
            zone={scope.zone}
            shift={clocksBetween(earlier, period)}
            format={shortFormatOf(chosen)}
          />
          <div class="beside">
            <ClickedItems clicks={data.clicked} ordering={ordering} />
            {clicksWere(data.clicked) && <PositionsOfClicks clicks={data.clicked} text={text} />}
          </div>
          <Reformulations later={data.later} earlier={data.earlier} />
          <UsedFilters filters={data.filters} text={text} />
          <LatestSearches searches={data.latest} zone={scope.zone} />
        </>
      )}
    </View>
  );
}

/** Without a change, where there were no searches before. */
function comparisonOf(measure: (typeof MEASURES)[number], { now, before }: ResultOf<typeof QueryDocument>) {
  const { change, ...shown } = comparison(measure, now.totals, before.totals);
  return before.totals.searches === 0 ? shown : { ...shown, change };
}

const bucketsOf = ({ nodes }: Stats): readonly Bucket[] => nodes[0]?.series ?? [];
