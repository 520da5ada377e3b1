// How search does: rates against the period before, their course, and what is being recorded right now.
import { clocksBetween, intervalOf, periodBefore, periodOf } from "../address/period";
import { usePlace } from "../address/place_context";
import { interactionsOf, searchesOf } from "../address/scope";
import { Course } from "../charts/course";
import { graphql, type ResultOf } from "../gateway/graphql";
import { comparison, measureOf, measuresOf, shortFormatOf } from "../numbers/search_measures";
import { Measure, Measures } from "../parts/measure";
import type { Column } from "../parts/table";
import { View } from "../parts/view";
import { LatestInteraction, LiveFeed } from "./live_feed";
import { LeadingItems, LeadingQueries, OverviewLeading } from "./overview_leading";

const Rates = graphql(`
  fragment Rates on SearchStats @_unmask {
    searches
    users
    clickThroughRate
    noResultsRate
    noClickRate
    conversionRate
  }
`);

const OverviewDocument = graphql(
  `
    query Overview(
      $searches: SearchRequestWhere!
      $searchesBefore: SearchRequestWhere!
      $interactions: InteractionWhere!
      $interval: TimeInterval!
      $timeZone: String!
    ) {
      now: searchStats(where: $searches, interval: $interval, timeZone: $timeZone) {
        totals { ...Rates }
        nodes { series { from to stats { ...Rates } } }
      }
      before: searchStats(where: $searchesBefore, interval: $interval, timeZone: $timeZone) {
        totals { ...Rates }
        nodes { series { from to stats { ...Rates } } }
      }
      mostSearched: searchStats(where: $searches, groupBy: [QUERY], first: 5) { ...LeadingQueries }
      withoutResults: searchStats(
        where: $searches
        groupBy: [QUERY]
        orderBy: { field: NO_RESULTS_RATE }
        having: { minSearches: 2 }
        first: 5
      ) { ...LeadingQueries }
      mostClicked: interactionStats(
        where: $interactions
        groupBy: [{ by: FEATURE }]
        orderBy: { field: CLICKS }
        having: { minClicks: 1 }
        first: 5
      ) { ...LeadingItems }
      interactions(where: $interactions, first: 10) {
        nodes { ...LatestInteraction }
      }
    }
  `,
  [Rates, LatestInteraction, LeadingItems, LeadingQueries],
);

type Overview = ResultOf<typeof OverviewDocument>;
type Bucket = NonNullable<Overview["now"]["nodes"][number]["series"]>[number];

const MEASURES = measuresOf(["searches", "users", "clickThroughRate", "noResultsRate", "noClickRate", "conversionRate"]);

const columns: readonly Column<Bucket>[] = [
  { name: "from", title: "From", value: ({ from }) => from },
  ...MEASURES.map(({ field, name }) => ({ name: field, title: name, value: ({ stats }: Bucket) => stats[field] })),
];

export default function OverviewView() {
  const { place, now, go } = usePlace();
  const { scope, parameters } = place;
  const period = periodOf(scope.range, scope.zone, now);
  const earlier = periodBefore(period);
  const shift = clocksBetween(earlier, period);
  const variables = {
    searches: searchesOf(scope, now),
    searchesBefore: searchesOf(scope, now, earlier),
    interactions: interactionsOf(scope, now),
    interval: intervalOf(period),
    timeZone: scope.zone,
  };
  const chosen = MEASURES.find(({ field }) => field === parameters["measure"]) ?? measureOf("searches");
  return (
    <View
      title="Overview"
      summary="How many searches there are and what they lead to, against as long a time before."
      document={OverviewDocument}
      variables={variables}
      download={{ columns, rows: ({ now: shown }) => bucketsOf(shown) }}
      isEmpty={({ now: { totals }, interactions }) => totals.searches === 0 && interactions.nodes.length === 0}
      unheeded={["metadata"]}
    >
      {(data) => (
        <>
          <Measures>
            {MEASURES.map((measure) => (
              <Measure
                key={measure.field}
                name={measure.name}
                of={`SearchStats.${measure.field}`}
                choose={() => go({ parameters: { measure: measure.field } })}
                isChosen={measure.field === chosen.field}
                {...comparison(measure, data.now.totals, data.before.totals)}
              >
                <Course {...courseOf(measure, data)} zone={scope.zone} shift={shift} isSmall />
              </Measure>
            ))}
          </Measures>
          <h2>{chosen.name} over time</h2>
          <Course {...courseOf(chosen, data)} zone={scope.zone} shift={shift} />
          <OverviewLeading {...data} />
          <LiveFeed latest={data.interactions.nodes} where={variables.interactions} zone={scope.zone} />
        </>
      )}
    </View>
  );
}

const bucketsOf = ({ nodes }: Overview["now"]): readonly Bucket[] => nodes[0]?.series ?? [];

const courseOf = (measure: (typeof MEASURES)[number], { now, before }: Overview) => ({
  field: measure.field,
  name: measure.name,
  buckets: bucketsOf(now),
  before: bucketsOf(before),
  format: shortFormatOf(measure),
});
