// How search does: rates against the period before, their course, and what is being recorded right now.
import { intervalOf, periodBefore, periodOf } from "../address/period";
import { usePlace } from "../address/place_context";
import { interactionsOf, searchesOf } from "../address/scope";
import { Course } from "../charts/course";
import { graphql, type ResultOf } from "../gateway/graphql";
import { growth, pointsChange, rate, shortCount } from "../numbers/format";
import { Measure, Measures } from "../parts/measure";
import type { Column } from "../parts/table";
import { View } from "../parts/view";
import { LatestInteraction, LiveFeed } from "./live_feed";

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
      interactions(where: $interactions, first: 10) {
        nodes { ...LatestInteraction }
      }
    }
  `,
  [Rates, LatestInteraction],
);

type Overview = ResultOf<typeof OverviewDocument>;
type Bucket = NonNullable<Overview["now"]["nodes"][number]["series"]>[number];

const MEASURES = [
  { field: "searches", name: "Searches", isRate: false, isHigherBetter: true },
  { field: "users", name: "Users", isRate: false, isHigherBetter: true },
  { field: "clickThroughRate", name: "Click-through rate", isRate: true, isHigherBetter: true },
  { field: "noResultsRate", name: "No-results rate", isRate: true, isHigherBetter: false },
  { field: "noClickRate", name: "No-click rate", isRate: true, isHigherBetter: false },
  { field: "conversionRate", name: "Conversion rate", isRate: true, isHigherBetter: true },
] as const;

type ShownMeasure = (typeof MEASURES)[number];

const columns: readonly Column<Bucket>[] = [
  { name: "from", title: "From", value: ({ from }) => from },
  ...MEASURES.map(({ field, name }) => ({ name: field, title: name, value: ({ stats }: Bucket) => stats[field] })),
];

export default function OverviewView() {
  const { place, now, go } = usePlace();
  const { scope, parameters } = place;
  const period = periodOf(scope.range, scope.zone, now);
  const earlier = periodBefore(period);
  const shift = period.from.epochMilliseconds - earlier.from.epochMilliseconds;
  const variables = {
    searches: searchesOf(scope, now),
    searchesBefore: searchesOf(scope, now, earlier),
    interactions: interactionsOf(scope, now),
    interval: intervalOf(period),
    timeZone: scope.zone,
  };
  const chosen = MEASURES.find(({ field }) => field === parameters["measure"]) ?? MEASURES[0];
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
                isHigherBetter={measure.isHigherBetter}
                choose={() => go({ parameters: { measure: measure.field } })}
                isChosen={measure === chosen}
                {...comparison(measure, data)}
              >
                <Course {...courseOf(measure, data)} zone={scope.zone} shift={shift} isSmall />
              </Measure>
            ))}
          </Measures>
          <h2>{chosen.name} over time</h2>
          <Course {...courseOf(chosen, data)} zone={scope.zone} shift={shift} />
          <LiveFeed latest={data.interactions.nodes} where={variables.interactions} zone={scope.zone} />
        </>
      )}
    </View>
  );
}

function comparison({ field, isRate }: ShownMeasure, { now, before }: Overview): { value: string; change: string | null } {
  const [value, earlier] = [now.totals[field], before.totals[field]];
  return isRate
    ? { value: rate(value), change: pointsChange(value, earlier) }
    : { value: shortCount(value), change: growth(value ?? 0, earlier ?? 0) };
}

const bucketsOf = ({ nodes }: Overview["now"]): readonly Bucket[] => nodes[0]?.series ?? [];

const courseOf = ({ field, name, isRate }: ShownMeasure, { now, before }: Overview) => ({
  field,
  name,
  buckets: bucketsOf(now),
  before: bucketsOf(before),
  format: isRate ? rate : shortCount,
});
