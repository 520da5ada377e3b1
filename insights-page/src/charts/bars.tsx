// Amounts side by side, by names or by numbers in order.
import { axisX, axisY, barX, barY, ruleX, ruleY, text, tickY } from "@observablehq/plot";
import { useCallback } from "preact/hooks";

import type { Format } from "../numbers/format";
import { Plot } from "./plot";

/** `value`: null where there is nothing to divide by. */
export interface Bar {
  name: string;
  value: number | null;
}

interface BarsProps {
  label: string;
  bars: readonly Bar[];
  format: Format;
}

interface ColumnsProps extends BarsProps {
  /** Parts of the bars, drawn within them. */
  parts?: readonly Bar[];
  /** What the bars are compared with, drawn as a line across each. */
  marks?: readonly Bar[];
}

// Room for a name such as "10–19", in pixels.
const NAME_WIDTH = 40;

/** Upright bars in the given order, such as positions. */
export function Columns({ label, bars, parts = NONE, marks = NONE, format }: ColumnsProps) {
  const title = ({ name, value }: Bar) => `${name}: ${format(value)}`;
  const options = useCallback(
    (width: number) => ({
      height: Math.min(280, Math.max(200, width / 3)),
      marginLeft: 52,
      x: { type: "band" as const, domain: bars.map(({ name }) => name), label: null },
      // Without any amount there would be no scale, and bars as high as the chart.
      y: { label: null, grid: true, nice: true, zero: true, ...(bars.every(({ value }) => value === 0) && { domain: [0, 1] }) },
      marks: [
        axisX({ label: null, tickSize: 0, ticks: namesThatFit(bars, width) }),
        axisY({ ticks: 5, tickFormat: format, label: null }),
        barY(bars, { x: "name", y: "value", fill: parts.length > 0 ? "var(--before)" : "var(--accent)", title }),
        barY(parts, { x: "name", y: "value", fill: "var(--accent)", inset: 0, title }),
        tickY(marks, { x: "name", y: "value", stroke: "var(--second)", strokeWidth: 3, title }),
        ruleY([0]),
      ],
    }),
    [bars, parts, marks, format],
  );
  return <Plot label={label} options={options} />;
}

/** Bars that lie, with their names ahead of them, the first at the top. */
export function Rows({ label, bars, format }: BarsProps) {
  const options = useCallback(
    (width: number) => ({
      height: 24 + bars.length * 26,
      marginLeft: Math.min(160, width / 3),
      marginRight: 56,
      x: { axis: null, zero: true, ...(bars.every(({ value }) => value === 0) && { domain: [0, 1] }) },
      y: { type: "band" as const, domain: bars.map(({ name }) => name), label: null },
      marks: [
        axisY({ label: null, tickSize: 0, lineWidth: 12, textOverflow: "ellipsis" as const }),
        barX(bars, { x: "value", y: "name", fill: "var(--accent)" }),
        text(bars, { x: "value", y: "name", text: ({ value }: Bar) => format(value), textAnchor: "start", dx: 6, fill: "currentColor" }),
        ruleX([0]),
      ],
    }),
    [bars, format],
  );
  return <Plot label={label} options={options} />;
}

const NONE: readonly Bar[] = [];

function namesThatFit(bars: readonly Bar[], width: number): string[] {
  const every = Math.ceil((bars.length * NAME_WIDTH) / width);
  return bars.filter((_, index) => index % every === 0).map(({ name }) => name);
}
