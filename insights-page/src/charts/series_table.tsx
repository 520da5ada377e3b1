// What a chart draws of a series, as numbers.
import { useState } from "preact/hooks";

import type { Format } from "../numbers/format";
import { type Column, Table } from "../parts/table";
import type { Point } from "./series_chart";

interface SeriesTableProps {
  /** What the number is called. */
  name: string;
  points: readonly Point[];
  /** The period before, moved to this one's time. */
  before: readonly Point[];
  format: Format;
}

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const hour = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

/** Closed until somebody opens it, and made then. */
export function SeriesTable({ name, points, before, format }: SeriesTableProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="numbers" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>The same as a table</summary>
      {isOpen && <Numbers name={name} points={points} before={before} format={format} />}
    </details>
  );
}

function Numbers({ name, points, before, format }: SeriesTableProps) {
  const earlier = new Map(before.map(({ at, value }) => [at.getTime(), value]));
  const when = points.every(({ at }) => at.getTime() % 86_400_000 === 0) ? day : hour;
  const columns: readonly Column<Point>[] = [
    { name: "from", title: "From", isText: true, value: ({ at }) => when.format(at) },
    { name: "value", title: name, value: ({ value }) => value, show: ({ value }) => format(value) },
    {
      name: "before",
      title: "The period before",
      value: ({ at }) => earlier.get(at.getTime()) ?? null,
      show: ({ at }) => format(earlier.get(at.getTime())),
    },
  ];
  return <Table caption={`${name} over time`} columns={columns} rows={points} keyOf={({ at }) => String(at.getTime())} />;
}
