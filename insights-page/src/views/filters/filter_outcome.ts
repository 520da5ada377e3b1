// What filtered searches led to, as columns: the same numbers for keys and for values.
import { graphql } from "../../gateway/graphql";
import { formatOf, measuresOf, type SearchField, type SearchMeasure, type SearchStats } from "../../numbers/search_measures";
import type { Column } from "../../parts/table";

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

/** `isOrdered`: whether the API orders such rows by these numbers. */
export const outcomeColumns = <Field extends SearchField, Row extends { stats: Pick<SearchStats, Field> }>(
  measures: readonly SearchMeasure<Field>[],
  isOrdered: boolean,
): Column<Row>[] =>
  measures.map((measure) => ({
    name: measure.field,
    title: measure.title,
    of: `SearchStats.${measure.field}`,
    ...(isOrdered && { order: measure.order }),
    value: ({ stats }) => stats[measure.field],
    show: ({ stats }) => formatOf(measure)(stats[measure.field]),
  }));
