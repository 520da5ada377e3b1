import "./styles.js";

import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { useGraphiQL } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./page.css";

import { EXPLORER_PLUGIN } from "./explorer.jsx";
import { fetcherWith } from "./fetcher.js";
import { FirstTab } from "./first_tab.js";
import { holdKey, read, written } from "./headers.js";
import { PhoneViews, usePhone } from "./phone.jsx";
import * as settings from "./settings.js";
import { storage } from "./storage.js";

const TYPING_MS = 400;

const { operation } = settings;
const given = written(settings.headers);
// What somebody is about to run is to be seen, unless the headers are still to be put in.
const tools = operation?.variables && holdKey(settings.headers) ? "variables" : "headers";
const tabs = operation ? [operation, ...settings.tabs] : settings.tabs;
const plugins = [HISTORY_PLUGIN, EXPLORER_PLUGIN];
// A variable of this type may be any JSON; without this the editor takes objects for mistakes.
const scalars = { JSON: {} };

function Page() {
  // Those that last held a key, as text, so that the same again are no change: with each new fetcher, GraphiQL asks for
  // the schema.
  const [headers, setHeaders] = useState(given);
  const fetcher = useMemo(() => fetcherWith(read(headers)), [headers]);
  const typing = useRef();
  const isPhone = usePhone();

  const follow = (text) => {
    clearTimeout(typing.current);
    typing.current = setTimeout(() => {
      const edited = read(text);
      if (holdKey(edited)) setHeaders(written(edited));
    }, TYPING_MS);
  };

  return (
    <GraphiQL
      customScalarSchemas={scalars}
      defaultEditorToolsVisibility={tools}
      defaultHeaders={given}
      defaultTabs={tabs}
      fetcher={fetcher}
      initialQuery={operation?.query}
      initialVariables={operation?.variables}
      inputValueDeprecation
      onEditHeaders={follow}
      plugins={plugins}
      schemaDescription
      shouldPersistHeaders={false}
      storage={storage}
    >
      <Template headers={headers} />
      {operation && <FirstTab />}
      {isPhone && (
        <GraphiQL.Logo>
          <PhoneViews />
        </GraphiQL.Logo>
      )}
    </GraphiQL>
  );
}

/** Puts the key that was given in one tab into the others, in place of the template. */
function Template({ headers }) {
  const { activeTabIndex, headerEditor } = useGraphiQL(({ activeTabIndex, headerEditor }) => ({
    activeTabIndex,
    headerEditor,
  }));
  useEffect(() => {
    if (!holdKey(settings.headers) && headerEditor?.getValue() === given) headerEditor.setValue(headers);
  }, [activeTabIndex, headerEditor, headers]);
  return null;
}

createRoot(document.getElementById("graphiql")).render(<Page />);
