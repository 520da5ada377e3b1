// What filtered searches led to: the same numbers for keys and for values.
import { graphql } from "../../gateway/graphql";
import { measuresOf, type SearchField } from "../../numbers/search_measures";

/** How searches with a filter are compared with all. */
export const OUTCOME = ["clickThroughRate", "averageClickPosition", "conversionRate", "noResultsRate", "reformulationRate"] as const satisfies readonly SearchField[];

/** The same fields, of values: there may be many. */
export const ValueOutcome = graphql(`
  fragment ValueOutcome on SearchStats @_unmask {
    clickThroughRate
    averageClickPosition
    conversionRate
    noResultsRate
    reformulationRate
  }
`);

export const outcomeMeasures = measuresOf(OUTCOME);
