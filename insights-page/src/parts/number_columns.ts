// Columns of numbers, each of one field of the statistics of a row.
import type { graphql } from "../gateway/graphql";
import { count, duration, type Format, mean, rate } from "../numbers/format";
import { formatOf, type SearchField, type SearchMeasure } from "../numbers/search_measures";
import type { Column } from "./table";

type InteractionOrder = ReturnType<typeof graphql.scalar<"InteractionStatsOrderField">>;

/** `order`: by which the API orders by it, where it does. */
interface NumberOf<Field extends string> {
  field: Field;
  title: string;
  order?: string;
  format: Format;
}

type RowOf<Field extends string> = { stats: { readonly [field in Field]: number | null } };

export type InteractionNumber =
  | "views"
  | "clicks"
  | "clicksPerView"
  | "clicksPerViewLowerBound"
  | "coec"
  | "negativeRate"
  | "averageClickPosition"
  | "averageDurationMs";

const INTERACTION_NUMBERS: Record<InteractionNumber, { title: string; order: InteractionOrder; format: Format }> = {
  views: { title: "Views", order: "VIEWS", format: count },
  clicks: { title: "Clicks", order: "CLICKS", format: count },
  clicksPerView: { title: "Clicks per view", order: "CLICKS_PER_VIEW", format: rate },
  clicksPerViewLowerBound: { title: "Lower bound", order: "CLICKS_PER_VIEW_LOWER_BOUND", format: rate },
  coec: { title: "COEC", order: "COEC", format: mean },
  negativeRate: { title: "Negative rate", order: "NEGATIVE_RATE", format: rate },
  averageClickPosition: { title: "Click position", order: "AVERAGE_CLICK_POSITION", format: mean },
  averageDurationMs: { title: "Duration", order: "AVERAGE_DURATION_MS", format: duration },
};

const columnsOf = <Field extends string>(type: string, numbers: readonly NumberOf<Field>[]): Column<RowOf<Field>>[] =>
  numbers.map(({ field, title, order, format }) => ({
    name: field,
    title,
    of: `${type}.${field}`,
    ...(order !== undefined && { order }),
    value: ({ stats }) => stats[field],
    show: ({ stats }) => format(stats[field]),
  }));

export const interactionColumns = <Field extends InteractionNumber>(fields: readonly Field[]): Column<RowOf<Field>>[] =>
  columnsOf("InteractionStats", fields.map((field) => ({ field, ...INTERACTION_NUMBERS[field] })));

/** By what the API orders, for the same fields. */
export const interactionOrders = (fields: readonly InteractionNumber[]): readonly InteractionOrder[] =>
  fields.map((field) => INTERACTION_NUMBERS[field].order);

/** `isOrdered`: whether the API orders such rows by these numbers. */
export const searchColumns = <Field extends SearchField>(
  measures: readonly SearchMeasure<Field>[],
  { isOrdered }: { isOrdered: boolean },
): Column<RowOf<Field>>[] =>
  columnsOf(
    "SearchStats",
    measures.map((measure) => ({
      field: measure.field,
      title: measure.title,
      ...(isOrdered && { order: measure.order }),
      format: formatOf(measure),
    })),
  );
