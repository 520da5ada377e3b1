// Which share of each arm's searches led to something, how sure that is, and how it differs from the reference arm.
import { type IntervalRow, Intervals } from "../../charts/intervals";
import { count, points, pointsRange, rate, rateRange } from "../../numbers/format";
import { type Interval, signOf } from "../../numbers/intervals";
import { type Column, Table } from "../../parts/table";
import type { Arm, Share } from "./arms";

interface ArmSharesProps {
  title: string;
  /** Heads the column that counts them. */
  head: string;
  arms: readonly Arm[];
  shareOf: (arm: Arm) => Share | null;
}

export function ArmShares({ title, head, arms, shareOf }: ArmSharesProps) {
  const reference = arms.find(({ isReference }) => isReference);
  const mark = reference ? shareOf(reference)?.interval?.estimate : undefined;
  const compared = arms.filter(({ hasValue }) => hasValue);
  const shares = rowsOf(compared, (arm) => shareOf(arm)?.interval);
  const differences = rowsOf(compared, (arm) => shareOf(arm)?.difference, toneOf);
  return (
    <>
      <h2>{title}</h2>
      {reference && mark !== undefined && (
        <div class="intervals">
          <figure>
            <figcaption>Share of the arm’s searches</figcaption>
            <Intervals label={`${title}: share of each arm’s searches with its 95 % interval`} rows={shares} format={wholeRate} mark={mark} />
          </figure>
          <figure>
            <figcaption>Difference from {reference.name}, in percentage points</figcaption>
            {differences.length > 0 ? (
              <Intervals
                label={`${title}: difference of each arm from ${reference.name} with its 95 % interval`}
                rows={differences}
                format={wholePoints}
                mark={0}
              />
            ) : (
              <p class="note">There is no other arm to compare with.</p>
            )}
          </figure>
        </div>
      )}
      <Table caption={title} columns={columnsOf(head, shareOf, reference?.name)} rows={arms} keyOf={({ id }) => id} />
    </>
  );
}

/** What a difference tells, in words. */
export function readingOf(arm: Arm, difference: Interval | null | undefined): string {
  if (arm.isReference) return "reference";
  if (!difference) return "–";
  return signOf(difference) ?? "no difference can be told";
}

function columnsOf(head: string, shareOf: (arm: Arm) => Share | null, reference: string | undefined): Column<Arm>[] {
  return [
    { name: "arm", title: "Arm", isText: true, value: ({ name }) => name },
    { name: "searches", title: "Searches", of: "InteractionStats.searches", value: ({ stats }) => count(stats.searches) },
    { name: "count", title: head, value: (arm) => count(shareOf(arm)?.proportion.count) },
    { name: "share", title: "Share", value: (arm) => rate(shareOf(arm)?.interval?.estimate) },
    { name: "interval", title: "95 % interval", value: (arm) => rateRange(shareOf(arm)?.interval) },
    { name: "difference", title: `Difference from ${reference ?? "the reference"}`, value: (arm) => points(shareOf(arm)?.difference?.estimate) },
    { name: "difference_interval", title: "95 % interval", value: (arm) => pointsRange(shareOf(arm)?.difference) },
    {
      name: "reading",
      title: "Reading",
      isText: true,
      value: (arm) => readingOf(arm, shareOf(arm)?.difference),
      show: (arm) => <Reading arm={arm} difference={shareOf(arm)?.difference} />,
    },
  ];
}

function Reading({ arm, difference }: { arm: Arm; difference: Interval | null | undefined }) {
  const tone = difference ? toneOf(difference) : undefined;
  return <span class={tone ? `reading ${tone}` : "reading"}>{readingOf(arm, difference)}</span>;
}

const TONES = { higher: "better", lower: "worse" } as const;

function toneOf(difference: Interval): IntervalRow["tone"] {
  const sign = signOf(difference);
  return sign === null ? "untold" : TONES[sign];
}

function rowsOf(
  arms: readonly Arm[],
  intervalOf: (arm: Arm) => Interval | null | undefined,
  tone?: (interval: Interval) => IntervalRow["tone"],
): IntervalRow[] {
  return arms.flatMap((arm) => {
    const interval = intervalOf(arm);
    return interval ? [{ name: arm.name, interval, tone: tone?.(interval) }] : [];
  });
}

// Ticks of axes are round: no more decimals than they have.
const wholeRate = (value: number): string => `${Math.round(value * 1000) / 10}%`;
const wholePoints = (value: number): string => `${value > 0 ? "+" : ""}${Math.round(value * 1000) / 10}`;
