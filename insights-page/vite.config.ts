import { defineConfig } from "vitest/config";

import { definitions } from "./definitions.plugin.ts";

export default defineConfig({
  // Relative, so that the pages work behind a path prefix: what lies under insights/ here is served under /insights.
  base: "./",
  plugins: [definitions("../schema.graphql")],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: { environment: "jsdom", include: ["tests/**/*.test.{ts,tsx}"], restoreMocks: true, testTimeout: 60_000 },
  build: {
    outDir: "../gateway/transport/pages/bundles/insights",
    emptyOutDir: true,
    assetsDir: "insights/assets",
    rolldownOptions: { input: ["index.html", "start.html"] },
    // Of all that is bundled; it lies beside the pages and goes where they go.
    license: { fileName: "licenses.md" },
    // The first with the Popover API, which shows a number's definition above everything else.
    target: ["chrome114", "firefox125", "safari17"],
  },
});
