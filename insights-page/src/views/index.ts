// The views, in the order in which they are offered; each is loaded when it is first looked at.
import type { ComponentType } from "preact";

export interface ViewEntry {
  path: string;
  title: string;
  load: () => Promise<{ default: ComponentType }>;
}

export const views: readonly ViewEntry[] = [
  { path: "overview", title: "Overview", load: () => import("./overview") },
  { path: "queries", title: "Queries", load: () => import("./queries") },
  { path: "items", title: "Items", load: () => import("./items") },
  { path: "positions", title: "Positions", load: () => import("./positions") },
  { path: "filters", title: "Filters", load: () => import("./filters") },
  { path: "sessions", title: "Sessions", load: () => import("./sessions") },
  { path: "experiments", title: "Experiments", load: () => import("./experiments") },
  { path: "saved", title: "Saved filters", load: () => import("./saved") },
];
