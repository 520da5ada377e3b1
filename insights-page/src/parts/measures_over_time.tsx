// Numbers against the period before, and the course of whichever is chosen; the choice stands in the address.
import type { ComponentChildren } from "preact";

import { usePlace } from "../address/place_context";
import { type Bucket, Course } from "../charts/course";
import type { Format } from "../numbers/format";
import { Defined } from "./definition";
import { Measure, Measures, NothingBefore } from "./measure";

/** What is measured: `change` tells a number against the period before as text; null where there is nothing to compare with. */
interface Measured<Field extends string> {
  field: Field;
  name: string;
  isHigherBetter?: boolean;
  format: Format;
  change: (now: number | null, before: number | null) => string | null;
}

/** A period's numbers as the API gives them, with their series where there is any. */
interface PeriodStats<Field extends string> {
  totals: Readonly<Record<Field, number | null>>;
  nodes: readonly { series: readonly Bucket<Field>[] | null }[];
}

/** A number to show, whatever it is read from. */
export interface ShownMeasure {
  field: string;
  name: string;
  /** The field of the schema that defines it. */
  of: string;
  value: string;
  change: string | null;
  isHigherBetter?: boolean;
  format: Format;
  buckets: readonly Bucket<string>[];
  before: readonly Bucket<string>[];
}

export const shownOf = <Field extends string>(
  { field, name, isHigherBetter, format, change }: Measured<Field>,
  type: "InteractionStats" | "SearchStats",
  now: PeriodStats<Field>,
  before: PeriodStats<Field>,
): ShownMeasure => ({
  field,
  name,
  of: `${type}.${field}`,
  value: format(now.totals[field]),
  change: change(now.totals[field], before.totals[field]),
  ...(isHigherBetter !== undefined && { isHigherBetter }),
  format,
  buckets: now.nodes[0]?.series ?? NONE,
  before: before.nodes[0]?.series ?? NONE,
});

interface MeasuresOverTimeProps {
  measures: readonly ShownMeasure[];
  zone: string;
  /** By how many milliseconds the period before is earlier. */
  shift: number;
  /** More of `Measures`, which have no course. */
  children?: ComponentChildren;
}

export function MeasuresOverTime({ measures, zone, shift, children }: MeasuresOverTimeProps) {
  const { place, go } = usePlace();
  const after = place.parameters["after"] ?? null;
  const chosen = measures.find(({ field }) => field === place.parameters["measure"]) ?? measures[0];
  const isCompared = measures.some(({ change }) => change !== null);
  return (
    <>
      <Measures>
        {measures.map(({ name, of, value, change, isHigherBetter, ...course }) => (
          <Measure
            key={of}
            name={name}
            of={of}
            value={value}
            {...(isCompared && { change })}
            {...(isHigherBetter !== undefined && { isHigherBetter })}
            choose={() => go({ parameters: { measure: course.field, after } })}
            isChosen={course.field === chosen?.field}
          >
            <Course {...course} name={name} zone={zone} shift={shift} isSmall />
          </Measure>
        ))}
        {children}
      </Measures>
      {!isCompared && <NothingBefore />}
      {chosen && (
        <>
          <h2>
            <Defined of={chosen.of}>{chosen.name}</Defined> over time
          </h2>
          <Course {...chosen} zone={zone} shift={shift} />
        </>
      )}
    </>
  );
}

// One and the same, so that charts of nothing aren't drawn anew.
const NONE: readonly never[] = [];
