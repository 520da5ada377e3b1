// Estimates with their intervals, one line of text, dot and whiskers below the other.
import { axisX, axisY, dot, gridX, ruleX, ruleY } from "@observablehq/plot";
import { useCallback } from "preact/hooks";

import type { Interval } from "../numbers/intervals";
import { Plot } from "./plot";

/** `tone`: whether it is better or worse than what it is compared with; absent where that can't be told, or isn't asked. */
export interface IntervalRow {
  name: string;
  interval: Interval;
  tone?: "better" | "worse" | "untold" | undefined;
}

interface IntervalsProps {
  label: string;
  rows: readonly IntervalRow[];
  format: (value: number) => string;
  /** What the rows are compared with, as a line through all of them. */
  mark: number;
}

const COLOURS = { better: "var(--good)", worse: "var(--bad)", untold: "var(--before)" } as const;
const NEUTRAL = "var(--accent)";
const colourOf = ({ tone }: IntervalRow): string => (tone ? COLOURS[tone] : NEUTRAL);

export function Intervals({ label, rows, format, mark }: IntervalsProps) {
  const options = useCallback(
    (width: number) => ({
      height: 34 + rows.length * 34,
      marginLeft: Math.min(140, width / 3),
      marginRight: 20,
      marginTop: 4,
      marginBottom: 30,
      x: { type: "linear" as const, label: null, nice: true },
      y: { type: "band" as const, domain: rows.map(({ name }) => name), label: null },
      color: { type: "identity" as const },
      marks: [
        gridX({ ticks: 5 }),
        axisX({ ticks: width < 400 ? 3 : 5, tickFormat: format, label: null }),
        axisY({ label: null, tickSize: 0, lineWidth: 11, textOverflow: "ellipsis" as const }),
        ruleX([mark], { stroke: "var(--text)", strokeOpacity: 0.6, strokeDasharray: "4 3" }),
        ruleY(rows, {
          y: "name",
          x1: ({ interval }: IntervalRow) => interval.low,
          x2: ({ interval }: IntervalRow) => interval.high,
          stroke: colourOf,
          strokeWidth: 2.5,
          marker: "tick",
        }),
        dot(rows, { y: "name", x: ({ interval }: IntervalRow) => interval.estimate, fill: colourOf, r: 5 }),
      ],
    }),
    [rows, format, mark],
  );
  return <Plot label={label} options={options} />;
}
