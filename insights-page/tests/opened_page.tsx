// The page as a browser opens it at a place, with a gateway whose answers are written down.
import { cleanup, configure, render } from "@testing-library/preact";
import { vi } from "vitest";

import { Application } from "../src/application";

// Views are loaded when they are first looked at, which takes a busy machine its time.
configure({ asyncUtilTimeout: 30_000 });

const SETTINGS = { takesKey: true, graphiql: true, insights: true, documentation: null };
const VIEWER = {
  viewer: {
    keyName: "demo",
    permissions: ["READ"],
    organization: { name: "demo" },
    namespace: { name: "shop" },
    namespaces: [{ name: "shop" }],
  },
};

export interface Asked {
  operation: string;
  variables: Record<string, unknown>;
}

/** What the gateway refuses. */
export interface Refusal {
  message: string;
  extensions: { code: string };
}

export const refusal = (code: string, message: string): Refusal => ({ message, extensions: { code } });

interface Visit {
  permissions?: readonly string[];
  /** Whether the page has no key yet. */
  isStranger?: boolean;
  /** By the names of operations. */
  refusals?: Readonly<Record<string, Refusal>>;
}

/**
 * Opens the page; gives what it asks from then on, but for who the visitor is. `answers`: data by the names of
 * operations. Nothing has a size here, so charts aren't drawn.
 */
export function openPage(fragment: string, answers: Readonly<Record<string, unknown>>, visit: Visit = {}): Asked[] {
  const { permissions, isStranger = false, refusals = {} } = visit;
  cleanup();
  document.body.innerHTML = `<script id="settings" type="application/json">${JSON.stringify(SETTINGS)}</script>`;
  vi.stubGlobal("ResizeObserver", class { observe() {} disconnect() {} });
  vi.stubGlobal("scrollTo", () => undefined);
  const viewer = { viewer: { ...VIEWER.viewer, ...(permissions && { permissions }) } };
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", (_: URL, { body }: { body: string }) => {
    const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
    const operation = /^(?:query|mutation) (\w+)/.exec(query)?.[1] ?? "";
    if (operation !== "Viewer") asked.push({ operation, variables });
    const refused = refusals[operation];
    if (refused) return Promise.resolve(Response.json({ errors: [refused] }));
    return Promise.resolve(Response.json({ data: { Viewer: viewer, ...answers }[operation] }));
  });
  location.hash = fragment;
  render(<Application given={isStranger ? null : { key: "sk_test", namespace: null }} />);
  return asked;
}
