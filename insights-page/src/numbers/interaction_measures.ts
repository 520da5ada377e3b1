// What is measured of interactions with items: what each number is called, how it is written, and which way is better.
import { graphql, type ResultOf } from "../gateway/graphql";
import { duration, type Format, growth, mean, meanChange, money, pointsChange, rate, shortCount } from "./format";

export const InteractionNumbers = graphql(`
  fragment InteractionNumbers on InteractionStats @_unmask {
    views
    clicks
    clicksPerView
    clicksPerViewLowerBound
    averageClickPosition
    negativeRate
    averageDurationMs
  }
`);

export type InteractionNumbers = ResultOf<typeof InteractionNumbers>;
export type InteractionField = keyof InteractionNumbers;

/** `change`: against the period before, as text; null where there is nothing to compare with. */
export interface InteractionMeasure<Field extends InteractionField = InteractionField> {
  field: Field;
  name: string;
  /** Absent where neither a higher nor a lower number is better. */
  isHigherBetter?: boolean;
  format: Format;
  change: (now: number | null, before: number | null) => string | null;
}

const MEASURES: Record<InteractionField, Omit<InteractionMeasure, "field">> = {
  views: { name: "Views", format: shortCount, change: growth },
  clicks: { name: "Clicks", isHigherBetter: true, format: shortCount, change: growth },
  clicksPerView: { name: "Clicks per view", isHigherBetter: true, format: rate, change: pointsChange },
  clicksPerViewLowerBound: { name: "Lower bound", isHigherBetter: true, format: rate, change: pointsChange },
  averageClickPosition: { name: "Click position", isHigherBetter: false, format: mean, change: meanChange },
  negativeRate: { name: "Negative rate", isHigherBetter: false, format: rate, change: pointsChange },
  averageDurationMs: { name: "Average duration", format: duration, change: growth },
};

/** The measures of the fields, in their order. */
export const interactionMeasures = <Field extends InteractionField>(...fields: readonly Field[]): readonly InteractionMeasure<Field>[] =>
  fields.map((field) => ({ field, ...MEASURES[field] }));

/** Sums by currency, in one text. */
export const revenueText = (revenue: readonly { currency: string | null; amount: number }[]): string =>
  revenue.map(({ currency, amount }) => money(amount, currency)).join(", ");
