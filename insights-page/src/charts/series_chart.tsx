// A number over time, beside what it was the period before.
import { areaY, axisX, axisY, crosshairX, dot, lineY, ruleY } from "@observablehq/plot";
import { useCallback, useMemo } from "preact/hooks";

import { Plot } from "./plot";

/**
 * `at`: when the interval begins, by the clocks of its zone (see `wallClock`); `value`: null where there is nothing to
 * divide by; `isPartial`: whether the interval isn't over yet.
 */
export interface Point {
  at: Date;
  value: number | null;
  isPartial?: boolean;
}

interface SeriesProps {
  label: string;
  points: readonly Point[];
  /** The period before, moved to this one's time. */
  before?: readonly Point[];
  format: (value: number) => string;
}

export function SeriesChart({ label, points, before = [], format }: SeriesProps) {
  const complete = useMemo(() => points.filter(({ isPartial }) => !isPartial), [points]);
  const options = useCallback(
    (width: number) => ({
      height: Math.min(320, Math.max(200, width / 3)),
      marginLeft: 52,
      marginRight: 16,
      x: { type: "utc" as const, label: null },
      y: { label: null, grid: true, nice: true, zero: true, tickFormat: format },
      marks: [
        axisX({ ticks: width < 500 ? 4 : 8 }),
        axisY({ ticks: 5, tickFormat: format, label: null }),
        ruleY([0], { strokeOpacity: 0.4 }),
        lineY(before, { x: "at", y: "value", stroke: "var(--before)", strokeDasharray: "4 4" }),
        areaY(complete, { x: "at", y1: 0, y2: "value", fill: "var(--accent)", fillOpacity: 0.12 }),
        lineY(complete, { x: "at", y: "value", stroke: "var(--accent)", strokeWidth: 2 }),
        lineY(points.slice(complete.length - 1), { x: "at", y: "value", stroke: "var(--accent)", strokeWidth: 2, strokeDasharray: "2 3" }),
        // What has no neighbours would be no line.
        dot(points, { x: "at", y: "value", fill: "var(--accent)", r: points.length > 60 ? 1.5 : 2.5 }),
        crosshairX(points, { x: "at", y: "value", color: "var(--text)" }),
      ],
    }),
    [points, complete, before, format],
  );
  return <Plot label={label} options={options} />;
}
