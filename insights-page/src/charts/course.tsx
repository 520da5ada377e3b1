// A number of a series, as the API gives it: interval by interval, beside the period before.
import { useMemo } from "preact/hooks";

import { wallClock } from "../address/period";
import { type Format, span } from "../numbers/format";
import { type Point, SeriesChart } from "./series_chart";
import { SeriesTable } from "./series_table";
import { Sparkline } from "./sparkline";

export interface Bucket<Field extends string> {
  from: string;
  to: string;
  stats: Readonly<Record<Field, number | null>>;
}

interface CourseProps<Field extends string> {
  /** What the number is called. */
  name: string;
  field: Field;
  buckets: readonly Bucket<Field>[];
  before: readonly Bucket<Field>[];
  zone: string;
  /** By how many milliseconds the period before is earlier. */
  shift: number;
  format: Format;
  /** Whether it stands beside the number itself. */
  isSmall?: boolean;
}

export function Course<Field extends string>({ name, field, buckets, before, zone, shift, format, isSmall }: CourseProps<Field>) {
  const points = useMemo(() => pointsOf(buckets, field, zone, 0), [buckets, field, zone]);
  const earlier = useMemo(() => pointsOf(before, field, zone, shift), [before, field, zone, shift]);
  if (isSmall) return <Sparkline points={points} />;
  return (
    <>
      {before.length > 0 && (
        <p class="legend">
          <span class="key line">{spanOf(buckets, zone)}</span>
          <span class="key dashes">{spanOf(before, zone)}</span>
        </p>
      )}
      <SeriesChart label={`${name} over time, and dashed the period before`} points={points} before={earlier} format={format} />
      <SeriesTable name={name} points={points} before={earlier} format={format} />
    </>
  );
}

/** The days, or times, that a series covers. */
const spanOf = (buckets: readonly Bucket<string>[], zone: string): string => {
  const [first, last] = [buckets[0], buckets.at(-1)];
  return first && last ? span(first.from, last.to, zone) : "";
};

function pointsOf<Field extends string>(buckets: readonly Bucket<Field>[], field: Field, zone: string, shift: number): Point[] {
  return buckets.map(({ from, to, stats }) => ({
    at: new Date(wallClock(from, zone).getTime() + shift),
    value: stats[field],
    isPartial: Date.parse(to) > Date.now(),
  }));
}
