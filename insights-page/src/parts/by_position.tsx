// What is seen and clicked at each position, or at some together: as charts, and the same in a table.
import { useMemo } from "preact/hooks";

import { type Bar, Columns } from "../charts/bars";
import { graphql, type ResultOf } from "../gateway/graphql";
import { count, rate, shortCount } from "../numbers/format";
import { type Column, Table } from "./table";

export const Bucket = graphql(`
  fragment Bucket on PositionBucket @_unmask {
    from
    to
    views
    clicks
  }
`);

export type Bucket = ResultOf<typeof Bucket>;

/** Positions by themselves to the tenth, then ten together, then all that are lower: the first of each bucket. */
export const USUAL_EDGES: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20];

/** A bucket, and the same of all items where they are compared with. */
interface Row extends Bucket {
  all: Bucket | undefined;
}

const nameOf = ({ from, to }: Bucket): string => (to === null ? `${from}+` : to === from + 1 ? String(from) : `${from}–${to - 1}`);
const rateOf = ({ views, clicks }: Bucket): number | null => (views === 0 ? null : clicks / views);

export const bucketColumns: readonly Column<Bucket>[] = [
  { name: "position", title: "Position", isText: true, value: nameOf },
  { name: "views", title: "Views", of: "PositionBucket.views", value: ({ views }) => views, show: ({ views }) => count(views) },
  { name: "clicks", title: "Clicks", of: "PositionBucket.clicks", value: ({ clicks }) => clicks, show: ({ clicks }) => count(clicks) },
  { name: "clicksPerView", title: "Clicks per view", of: "InteractionStats.clicksPerView", value: rateOf, show: (bucket) => rate(rateOf(bucket)) },
];

const comparedColumns: readonly Column<Row>[] = [
  ...bucketColumns,
  {
    name: "allClicksPerView",
    title: "Of all items",
    of: "InteractionStats.clicksPerView",
    value: ({ all }) => (all ? rateOf(all) : null),
    show: ({ all }) => rate(all && rateOf(all)),
  },
];

interface ByPositionProps {
  buckets: readonly Bucket[];
  /** Those of all items, with the same edges, to compare with. */
  all?: readonly Bucket[] | undefined;
}

export function ByPosition({ buckets, all }: ByPositionProps) {
  const rates = useMemo(() => barsOf(buckets, rateOf), [buckets]);
  const allRates = useMemo(() => barsOf(all ?? [], rateOf), [all]);
  const views = useMemo(() => barsOf(buckets, (bucket) => bucket.views), [buckets]);
  const clicks = useMemo(() => barsOf(buckets, (bucket) => bucket.clicks), [buckets]);
  return (
    <>
      <div class="pair">
        <figure>
          <figcaption>
            Clicks per view
            {all && <span class="key mark">all items</span>}
          </figcaption>
          <Columns label={`Clicks per view by position${all ? ", beside those of all items" : ""}`} bars={rates} marks={allRates} format={rate} />
        </figure>
        <figure>
          <figcaption>
            <span class="key rest">Views</span>
            <span class="key">Clicks</span>
          </figcaption>
          <Columns label="Views by position, and clicks among them" bars={views} parts={clicks} format={shortCount} />
        </figure>
      </div>
      <Table
        caption="By position"
        columns={all ? comparedColumns : bucketColumns}
        rows={buckets.map((bucket, index) => ({ ...bucket, all: all?.[index] }))}
        keyOf={({ from }) => String(from)}
      />
    </>
  );
}

const barsOf = (buckets: readonly Bucket[], value: (bucket: Bucket) => number | null): readonly Bar[] =>
  buckets.map((bucket) => ({ name: nameOf(bucket), value: value(bucket) }));
