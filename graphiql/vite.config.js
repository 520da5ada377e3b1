import { defineConfig } from "vite";

export default defineConfig({
  // Relative, so that the page works behind a path prefix: what lies under graphql/ here is served under /graphql.
  base: "./",
  build: {
    outDir: "../gateway/transport/pages/bundles/graphiql",
    emptyOutDir: true,
    assetsDir: "graphql/assets",
    // Of all that is bundled; it lies beside the page and goes where the page goes.
    license: { fileName: "licenses.md" },
    // The first that know style-src-attr, which the page's content security policy needs.
    target: ["chrome109", "firefox115", "safari16"],
    // Monaco, which is loaded after the rest.
    chunkSizeWarningLimit: 4096,
    // "use client" and the like, which many of the packages say, mean nothing here.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});
