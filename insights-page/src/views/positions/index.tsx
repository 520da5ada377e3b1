// Where in the results people look and click: by position, and how far down over time.
import { clocksBetween, intervalOf, periodBefore, periodOf } from "../../address/period";
import { usePlace } from "../../address/place_context";
import { interactionsOf, searchesOf } from "../../address/scope";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { mean, meanChange } from "../../numbers/format";
import { type InteractionMeasure, interactionMeasures } from "../../numbers/interaction_measures";
import { bucketColumns, Bucket, ByPosition, USUAL_EDGES } from "../../parts/by_position";
import { MeasuresOverTime, type ShownMeasure, shownOf } from "../../parts/measures_over_time";
import { View } from "../../parts/view";
import { Edges, edgesIn } from "./edges";

const PositionNumbers = graphql(`
  fragment PositionNumbers on InteractionStats @_unmask {
    averageClickPosition
    clicksPerView
    clicks
    views
  }
`);

const PositionsDocument = graphql(
  `
    query Positions(
      $interactions: InteractionWhere!
      $interactionsBefore: InteractionWhere!
      $searches: SearchRequestWhere!
      $searchesBefore: SearchRequestWhere!
      $edges: [Int!]!
      $interval: TimeInterval!
      $timeZone: String!
    ) {
      now: interactionStats(where: $interactions, interval: $interval, timeZone: $timeZone) {
        totals { ...PositionNumbers }
        nodes { series { from to stats { ...PositionNumbers } } }
      }
      # Apart, as daily counts can answer the others.
      byPosition: interactionStats(where: $interactions) { totals { positions(edges: $edges) { ...Bucket } } }
      before: interactionStats(where: $interactionsBefore, interval: $interval, timeZone: $timeZone) {
        totals { ...PositionNumbers }
        nodes { series { from to stats { ...PositionNumbers } } }
      }
      searches: searchStats(where: $searches, interval: $interval, timeZone: $timeZone) {
        totals { meanReciprocalRank }
        nodes { series { from to stats { meanReciprocalRank } } }
      }
      searchesBefore: searchStats(where: $searchesBefore, interval: $interval, timeZone: $timeZone) {
        totals { meanReciprocalRank }
        nodes { series { from to stats { meanReciprocalRank } } }
      }
    }
  `,
  [PositionNumbers, Bucket],
);

type Positions = ResultOf<typeof PositionsDocument>;

type PositionNumbers = ResultOf<typeof PositionNumbers>;

const CLICK_POSITION = interactionMeasures("averageClickPosition").map((measure) => ({ ...measure, name: "Mean click position" }));
const OTHERS = interactionMeasures("clicksPerView", "clicks", "views");
const RECIPROCAL_RANK = {
  field: "meanReciprocalRank",
  name: "Mean reciprocal rank",
  isHigherBetter: true,
  format: mean,
  change: meanChange,
} as const;

function measuresIn({ now, before, searches, searchesBefore }: Positions): ShownMeasure[] {
  const ofInteractions = (measure: InteractionMeasure<keyof PositionNumbers>) => shownOf(measure, "InteractionStats", now, before);
  return [
    ...CLICK_POSITION.map(ofInteractions),
    shownOf(RECIPROCAL_RANK, "SearchStats", searches, searchesBefore),
    ...OTHERS.map(ofInteractions),
  ];
}

export default function PositionsView() {
  const { place, now } = usePlace();
  const { scope, parameters } = place;
  const period = periodOf(scope.range, scope.zone, now);
  const earlier = periodBefore(period);
  const edges = edgesIn(parameters["edges"]) ?? USUAL_EDGES;
  return (
    <View
      title="Positions"
      summary="Where in the results people look and click. Positions are counted from 0, the top."
      document={PositionsDocument}
      variables={{
        interactions: interactionsOf(scope, now),
        interactionsBefore: interactionsOf(scope, now, earlier),
        searches: searchesOf(scope, now),
        searchesBefore: searchesOf(scope, now, earlier),
        edges: [...edges],
        interval: intervalOf(period),
        timeZone: scope.zone,
      }}
      download={{ columns: bucketColumns, rows: (data) => data.byPosition.totals.positions }}
      isEmpty={({ now: { totals } }) => totals.views === 0 && totals.clicks === 0}
    >
      {(data) => (
        <>
          <MeasuresOverTime
            measures={measuresIn(data)}
            zone={scope.zone}
            shift={clocksBetween(earlier, period)}
          />
          {scope.metadata && <p class="note">The mean reciprocal rank isn’t narrowed by metadata, which searches don’t have.</p>}
          <h2>By position</h2>
          <Edges edges={edges} />
          <ByPosition buckets={data.byPosition.totals.positions} />
        </>
      )}
    </View>
  );
}
