// A number over time without axes, small enough to stand beside the number itself, which says what matters of it.
import { lineY } from "@observablehq/plot";
import { useCallback } from "preact/hooks";

import { Plot } from "./plot";
import type { Point } from "./series_chart";

export function Sparkline({ points }: { points: readonly Point[] }) {
  const options = useCallback(
    () => ({
      height: 32,
      margin: 2,
      axis: null,
      x: { type: "utc" as const },
      y: { zero: true },
      marks: [lineY(points.filter(({ isPartial }) => !isPartial), { x: "at", y: "value", stroke: "var(--accent)", strokeWidth: 1.5 })],
    }),
    [points],
  );
  return <Plot options={options} />;
}
