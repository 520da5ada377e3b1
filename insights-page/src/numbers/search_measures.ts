// What is measured of searches: what each number is called, how it is written, and which way is better.
import { graphql, type ResultOf } from "../gateway/graphql";
import { count, duration, growth, mean, meanChange, pointsChange, rate, shortCount } from "./format";

export const AllSearchMeasures = graphql(`
  fragment AllSearchMeasures on SearchStats @_unmask {
    searches
    requests
    sessions
    users
    clickThroughRate
    averageClickPosition
    meanReciprocalRank
    averageMsToFirstClick
    noClickRate
    noResultsRate
    averageResultCount
    conversionRate
    addToCartRate
    purchaseRate
    abandonmentRate
    reformulationRate
  }
`);

export type SearchStats = ResultOf<typeof AllSearchMeasures>;
export type SearchField = keyof SearchStats;
type SearchOrder = ReturnType<typeof graphql.scalar<"SearchStatsOrderField">>;
type Kind = keyof typeof FORMATS;

/**
 * `title`: in the head of a column. `order`: by which the API orders by it. `isHigherBetter`: null where neither a higher
 * nor a lower number is better.
 */
export interface SearchMeasure<Field extends SearchField = SearchField> {
  field: Field;
  name: string;
  title: string;
  order: SearchOrder;
  kind: Kind;
  isHigherBetter: boolean | null;
}

const MEASURES: Record<SearchField, Omit<SearchMeasure, "field">> = {
  searches: { name: "Searches", title: "Searches", order: "SEARCHES", kind: "count", isHigherBetter: true },
  requests: { name: "Search requests", title: "Requests", order: "REQUESTS", kind: "count", isHigherBetter: null },
  sessions: { name: "Sessions", title: "Sessions", order: "SESSIONS", kind: "count", isHigherBetter: true },
  users: { name: "Users", title: "Users", order: "USERS", kind: "count", isHigherBetter: true },
  clickThroughRate: { name: "Click-through rate", title: "Click-through", order: "CLICK_THROUGH_RATE", kind: "rate", isHigherBetter: true },
  noClickRate: { name: "No-click rate", title: "No clicks", order: "NO_CLICK_RATE", kind: "rate", isHigherBetter: false },
  averageClickPosition: {
    name: "Average click position",
    title: "Click position",
    order: "AVERAGE_CLICK_POSITION",
    kind: "mean",
    isHigherBetter: false,
  },
  meanReciprocalRank: { name: "Mean reciprocal rank", title: "MRR", order: "MEAN_RECIPROCAL_RANK", kind: "mean", isHigherBetter: true },
  averageMsToFirstClick: {
    name: "Time to first click",
    title: "First click after",
    order: "AVERAGE_MS_TO_FIRST_CLICK",
    kind: "duration",
    isHigherBetter: false,
  },
  conversionRate: { name: "Conversion rate", title: "Conversion", order: "CONVERSION_RATE", kind: "rate", isHigherBetter: true },
  addToCartRate: { name: "Add-to-cart rate", title: "Add to cart", order: "ADD_TO_CART_RATE", kind: "rate", isHigherBetter: true },
  purchaseRate: { name: "Purchase rate", title: "Purchase", order: "PURCHASE_RATE", kind: "rate", isHigherBetter: true },
  noResultsRate: { name: "No-results rate", title: "No results", order: "NO_RESULTS_RATE", kind: "rate", isHigherBetter: false },
  averageResultCount: { name: "Average result count", title: "Results", order: "AVERAGE_RESULT_COUNT", kind: "amount", isHigherBetter: null },
  abandonmentRate: { name: "Abandonment rate", title: "Abandoned", order: "ABANDONMENT_RATE", kind: "rate", isHigherBetter: false },
  reformulationRate: { name: "Reformulation rate", title: "Reformulated", order: "REFORMULATION_RATE", kind: "rate", isHigherBetter: false },
};

export const measureOf = <Field extends SearchField>(field: Field): SearchMeasure<Field> => ({ field, ...MEASURES[field] });

/** The measures of the fields, in their order. */
export const measuresOf = <Field extends SearchField>(fields: readonly Field[]): readonly SearchMeasure<Field>[] => fields.map(measureOf);

/** In the order in which they are offered. */
export const searchMeasures: readonly SearchMeasure[] = measuresOf(Object.keys(MEASURES) as SearchField[]);

export const searchOrders: readonly SearchOrder[] = searchMeasures.map(({ order }) => order);

// An amount: a mean of counts, of which parts don't matter.
const FORMATS = { count, amount: count, rate, mean, duration };

/** As it is written in a table. */
export const formatOf = ({ kind }: Pick<SearchMeasure, "kind">) => FORMATS[kind];

/** As it is written where there is little room: on an axis, or as the one number of a tile. */
export const shortFormatOf = ({ kind }: Pick<SearchMeasure, "kind">) => (kind === "count" ? shortCount : FORMATS[kind]);

// A mean may be 0, as the position at the top is: of it nothing grows.
const CHANGES = { count: growth, amount: growth, rate: pointsChange, mean: meanChange, duration: growth };

/** A measure beside what it was the period before, as the properties of a `Measure`. */
export function comparison<Field extends SearchField>(
  shown: SearchMeasure<Field>,
  now: Pick<SearchStats, Field>,
  before: Pick<SearchStats, Field>,
): { value: string; change: string | null; isHigherBetter?: boolean } {
  const { field, kind, isHigherBetter } = shown;
  const [value, earlier] = [now[field], before[field]];
  return { value: shortFormatOf(shown)(value), change: CHANGES[kind](value, earlier), ...(isHigherBetter !== null && { isHigherBetter }) };
}
