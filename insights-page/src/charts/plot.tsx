// Charts by Observable Plot, as pictures with a name and a description.
import type { PlotOptions } from "@observablehq/plot";
import { plot } from "@observablehq/plot";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface PlotProps {
  /** What is drawn, for whoever doesn't see it; absent where the text beside it says as much. */
  label?: string;
  /** What Plot draws at a width in pixels; another function is another chart. */
  options: (width: number) => PlotOptions;
}

/** A chart as wide as its place. */
export function Plot({ label, options }: PlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    setWidth(Math.floor(element.clientWidth));
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (width === 0) return undefined;
    // One after the other, so that many charts don't keep the page from answering.
    const task = setTimeout(() => frame.current?.replaceChildren(drawnOf(label, { width, className: "plot", ...options(width) })));
    return () => clearTimeout(task);
  }, [width, options, label]);

  return <div class="chart" ref={frame} />;
}

function drawnOf(label: string | undefined, options: PlotOptions): Element {
  const drawn = plot(options);
  // The page's policy takes no style of a script's; styles/charts.css says the same.
  for (const style of drawn.querySelectorAll("style")) style.remove();
  // Pictures are read as a whole; groups may have no names of their own.
  for (const group of drawn.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label");
  const svg = drawn instanceof SVGElement ? drawn : drawn.querySelector("svg");
  if (label === undefined) svg?.setAttribute("aria-hidden", "true");
  else {
    svg?.setAttribute("role", "img");
    svg?.setAttribute("aria-label", label);
  }
  return drawn;
}
