import "./styles.js";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./page.css";

import { fetcherWith } from "./fetcher.js";
import { headers, tabs } from "./settings.js";

const TYPING_MS = 400;

const written = JSON.stringify(headers, null, 2);
const plugins = [HISTORY_PLUGIN, explorerPlugin()];
// A variable of this type may be any JSON; without this the editor takes objects for mistakes.
const scalars = { JSON: {} };

function Page() {
  // As JSON, so that the same headers again are no change: with each new fetcher, GraphiQL asks for the schema.
  const [current, setCurrent] = useState(JSON.stringify(headers));
  const fetcher = useMemo(() => fetcherWith(JSON.parse(current)), [current]);
  const typing = useRef();

  const follow = (text) => {
    clearTimeout(typing.current);
    typing.current = setTimeout(() => {
      try {
        setCurrent(JSON.stringify(JSON.parse(text)));
      } catch {
        // Not JSON yet.
      }
    }, TYPING_MS);
  };

  return (
    <GraphiQL
      customScalarSchemas={scalars}
      defaultEditorToolsVisibility="headers"
      defaultHeaders={written}
      defaultTabs={tabs}
      fetcher={fetcher}
      inputValueDeprecation
      onEditHeaders={follow}
      plugins={plugins}
      schemaDescription
      shouldPersistHeaders={false}
    />
  );
}

createRoot(document.getElementById("graphiql")).render(<Page />);
