// What people clicked who had searched for a text, and at which position it stood.
import { useMemo } from "preact/hooks";

import { usePlace } from "../../address/place_context";
import { Columns } from "../../charts/bars";
import { type FragmentOf, graphql, readFragment, type ResultOf } from "../../gateway/graphql";
import { count } from "../../numbers/format";
import { interactionColumns, interactionOrders } from "../../parts/number_columns";
import { type Column, type Ordering, Table } from "../../parts/table";

export const ClicksOfQuery = graphql(`
  fragment ClicksOfQuery on InteractionStatsConnection {
    totals {
      clicks
      positions(edges: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) { from to views clicks }
    }
    nodes {
      key { feature { featureId } }
      stats { clicks views clicksPerView averageClickPosition coec }
    }
    pageInfo { hasNextPage endCursor }
  }
`);

type Clicks = FragmentOf<typeof ClicksOfQuery>;
type Item = ResultOf<typeof ClicksOfQuery>["nodes"][number];
type Bucket = ResultOf<typeof ClicksOfQuery>["totals"]["positions"][number];

const NUMBERS = ["clicks", "views", "clicksPerView", "averageClickPosition", "coec"] as const;

export const clickOrders = interactionOrders(NUMBERS);

/** Whether anything was clicked. */
export const clicksWere = (clicks: Clicks): boolean => readFragment(ClicksOfQuery, clicks).totals.clicks > 0;

export function ClickedItems({ clicks, ordering }: { clicks: Clicks; ordering: Ordering }) {
  const { hrefOf } = usePlace();
  const { nodes, pageInfo } = readFragment(ClicksOfQuery, clicks);
  const columns: readonly Column<Item>[] = [
    {
      name: "item",
      title: "Item",
      isText: true,
      value: nameOf,
      show: (item) => <a href={hrefOf({ view: "items", item: nameOf(item) })}>{nameOf(item)}</a>,
    },
    ...interactionColumns(NUMBERS),
  ];
  return (
    <section>
      <h2>What was clicked</h2>
      {nodes.length > 0 ? (
        <Table caption="Clicked items" columns={columns} rows={nodes} keyOf={nameOf} ordering={ordering} pageInfo={pageInfo} />
      ) : (
        <p class="empty">Nothing was clicked in this range of time.</p>
      )}
    </section>
  );
}

export function PositionsOfClicks({ clicks, text }: { clicks: Clicks; text: string }) {
  const { hrefOf } = usePlace();
  const { positions } = readFragment(ClicksOfQuery, clicks).totals;
  const bars = useMemo(() => positions.map((bucket) => ({ name: placesOf(bucket), value: bucket.clicks })), [positions]);
  const columns: readonly Column<Bucket>[] = [
    { name: "position", title: "Position", isText: true, value: placesOf },
    { name: "views", title: "Views", of: "PositionBucket.views", value: (bucket) => bucket.views, show: (bucket) => count(bucket.views) },
    { name: "clicks", title: "Clicks", of: "PositionBucket.clicks", value: (bucket) => bucket.clicks, show: (bucket) => count(bucket.clicks) },
  ];
  return (
    <section>
      <h2>Where it was clicked</h2>
      <Columns label="Clicks by position, 0 being the top" bars={bars} format={count} />
      <details class="numbers">
        <summary>The same as a table</summary>
        <Table caption="Clicks by position" columns={columns} rows={positions} keyOf={placesOf} />
      </details>
      <p class="note">
        Positions count from 0, the top. <a href={hrefOf({ view: "positions", scope: { text } })}>More about positions</a>
      </p>
    </section>
  );
}

const nameOf = ({ key }: Item): string => key.feature?.featureId ?? "";

/** A bucket's positions; `to` isn't one of them. */
const placesOf = ({ from, to }: Bucket): string => (to === null ? `${from}+` : to === from + 1 ? String(from) : `${from}–${to - 1}`);
