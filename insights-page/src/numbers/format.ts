// Numbers and times as people read them; a dash where there is nothing to say.
const NOTHING = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const decimal = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const signedPercent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
const signedPoints = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
const signedDecimal = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });

/** How a number is written, or that there is none. */
export type Format = (value: number | null | undefined) => string;
const or =
  (format: (value: number) => string): Format =>
  (value) =>
    value === null || value === undefined ? NOTHING : format(value);

export const count = or((value) => whole.format(value));
export const shortCount = or((value) => compact.format(value));
export const rate = or((value) => percent.format(value));
export const mean = or((value) => decimal.format(value));

/** A position, or a mean of positions: 0 is the top, as in the API. */
export const position = or((value) => (Number.isInteger(value) ? whole : decimal).format(value));

/** A duration given in milliseconds. */
export const duration = or((milliseconds) => {
  if (milliseconds < 1_000) return `${whole.format(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  const minutes = Math.floor(rounded / 60);
  return minutes < 60 ? `${minutes} min ${rounded % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
});

/** By how much a count grew, as a part of what it was; null where there was nothing. */
export const growth = (now: number | null, before: number | null): string | null =>
  now === null || before === null || before === 0 ? null : signedPercent.format(now / before - 1);

/** A difference of rates in percentage points. */
export const points = or((difference) => `${signedPoints.format(difference * 100)} pp`);

interface Range {
  low: number;
  high: number;
}

/** An interval of rates, such as "33.1% to 41.0%". */
export const rateRange = (range: Range | null | undefined): string =>
  range ? `${percent.format(range.low)} to ${percent.format(range.high)}` : NOTHING;

/** An interval of differences of rates, such as "-0.3 to +8.3 pp". */
export const pointsRange = (range: Range | null | undefined): string =>
  range ? `${signedPoints.format(range.low * 100)} to ${points(range.high)}` : NOTHING;

/** By how many percentage points a rate changed. */
export const pointsChange = (now: number | null, before: number | null): string | null =>
  now === null || before === null ? null : points(now - before);

/** An amount of money; the currency is whatever was recorded. */
export const money = (amount: number, currency: string | null): string => `${decimal.format(amount)} ${currency ?? ""}`.trimEnd();

/** The same where there is little room; its currency stands beside it. */
export const shortMoney = (amount: number): string => {
  const size = Math.abs(amount);
  return (size < 10_000 ? decimal : size < 1_000_000 ? whole : compact).format(amount);
};

/** By how much a mean changed. */
export const meanChange = (now: number | null, before: number | null): string | null =>
  now === null || before === null ? null : signedDecimal.format(now - before);

/** A format by zone; making one takes a browser as long as a hundred uses of it. */
function byZone(options: Intl.DateTimeFormatOptions): (zone: string) => Intl.DateTimeFormat {
  const made = new Map<string, Intl.DateTimeFormat>();
  return (zone) => {
    const format = made.get(zone) ?? new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
    made.set(zone, format);
    return format;
  };
}

const momentFormat = byZone({ dateStyle: "medium", timeStyle: "short" });
const clockFormat = byZone({ timeStyle: "medium" });

export const moment = (instant: string, zone: string): string => momentFormat(zone).format(new Date(instant));

export const clock = (instant: string, zone: string): string => clockFormat(zone).format(new Date(instant));

const dayFormat = byZone({ dateStyle: "medium" });

/** From an instant up to another: days where that is long, else times. */
export function span(from: string, to: string, zone: string): string {
  const [first, end] = [Date.parse(from), Date.parse(to)];
  const format = end - first > TWO_DAYS ? dayFormat : momentFormat;
  return format(zone).formatRange(first, end - 1);
}

const TWO_DAYS = 2 * 86_400_000;

/** A time of today as the clock shows it, an earlier one with its day. */
export const recently = (instant: string, zone: string, now: number): string => {
  const day = dayFormat(zone);
  return day.format(Date.parse(instant)) === day.format(now) ? clock(instant, zone) : moment(instant, zone);
};

/** An enum's value as a word: ADD_TO_CART as "add to cart". */
export const word = (value: string): string => value.toLowerCase().replaceAll("_", " ");
