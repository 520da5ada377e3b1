// Ranges of time as people choose them, and the instants that they stand for.
import { Temporal } from "temporal-polyfill";

/** The last hours or calendar days up to now, or whole calendar days, both included. */
export type Range = "24h" | "7d" | "30d" | "90d" | { from: string; to: string };

/** From `from` on, before `to`. */
export interface Period {
  from: Temporal.ZonedDateTime;
  to: Temporal.ZonedDateTime;
}

export type TimeInterval = "HOUR" | "DAY" | "WEEK" | "MONTH";

const DAYS = { "7d": 7, "30d": 30, "90d": 90 } as const;

/** The period that a range stands for in a zone, where it is `now` (in milliseconds since 1970). */
export function periodOf(range: Range, zone: string, now: number): Period {
  const present = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone);
  if (typeof range === "object") {
    const from = Temporal.PlainDate.from(range.from).toZonedDateTime(zone);
    return { from, to: Temporal.PlainDate.from(range.to).add({ days: 1 }).toZonedDateTime(zone) };
  }
  // Whole minutes, so that the address and what is asked stay readable.
  const to = present.round({ smallestUnit: "minute", roundingMode: "ceil" });
  if (range === "24h") return { from: to.subtract({ hours: 24 }), to };
  return { from: present.startOfDay().subtract({ days: DAYS[range] - 1 }), to };
}

/** As long a period, as many calendar days (else hours) earlier: a day begun is compared with as much of another. */
export function periodBefore({ from, to }: Period): Period {
  if (lengthInHours({ from, to }) <= 24) {
    const length = from.until(to, { largestUnit: "hours" });
    return { from: from.subtract(length), to: from };
  }
  const days = Math.ceil(lengthInHours({ from, to }) / 24 - 0.1);
  return { from: from.subtract({ days }), to: to.subtract({ days }) };
}

/** By how many milliseconds a period begins after another, by the clocks of their zone: across a change of the clocks as well. */
export const clocksBetween = (earlier: Period, later: Period): number => wallClockOf(later.from) - wallClockOf(earlier.from);

/** The interval by which a period makes a readable series. */
export function intervalOf(period: Period): TimeInterval {
  const days = lengthInHours(period) / 24;
  if (days <= 3) return "HOUR";
  if (days <= 120) return "DAY";
  return days <= 730 ? "WEEK" : "MONTH";
}

/** As the API takes it. */
export const instantOf = (time: Temporal.ZonedDateTime): string => time.toInstant().toString();

export const isZone = (zone: string): boolean => {
  try {
    Temporal.Now.zonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
};

export const isDate = (text: string): boolean => {
  try {
    return Temporal.PlainDate.from(text).toString() === text;
  } catch {
    return false;
  }
};

const lengthInHours = ({ from, to }: Period): number => (to.epochMilliseconds - from.epochMilliseconds) / 3_600_000;

/** What the clocks of a zone show at an instant, as if it were UTC: charts draw that, whatever zone the browser is in. */
export function wallClock(instant: string, zone: string): Date {
  return new Date(wallClockOf(Temporal.Instant.from(instant).toZonedDateTimeISO(zone)));
}

const wallClockOf = (time: Temporal.ZonedDateTime): number => time.toPlainDateTime().toZonedDateTime("UTC").epochMilliseconds;
