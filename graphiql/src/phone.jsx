// The query and the answer as two tabs, where they have no room beside each other. phone.css lays them out.
import { ExecuteButton, UnStyledButton, useGraphiQL } from "@graphiql/react";
import { useEffect, useState, useSyncExternalStore } from "react";

import "./phone.css";

const VIEWS = ["query", "answer"];
const LABELS = { query: "Query", answer: "Answer" };
// GraphiQL's elements by their classes, of which phone.css says more.
const PANELS = { query: ".graphiql-editors", answer: ".graphiql-response" };

const tabId = (view) => `view-tab-${view}`;
const panelId = (view) => `view-panel-${view}`;
const panel = (view) => document.querySelector(PANELS[view]);

const narrow = matchMedia("(max-width: 700px)");

function onResize(listener) {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
}

/** Whether there is no room for the query and the answer beside each other. */
export const usePhone = () => useSyncExternalStore(onResize, () => narrow.matches);

/** The two tabs, and the button to run the query, which both of them need: it stops a subscription as well. */
export function PhoneViews() {
  const { queryId, tabId: operationTab, isPluginOpen } = useGraphiQL(
    ({ queryId, tabs, activeTabIndex, visiblePlugin }) => ({
      queryId,
      tabId: tabs[activeTabIndex]?.id,
      isPluginOpen: visiblePlugin !== null,
    }),
  );
  const [view, setView] = useState("query");

  useEffect(() => {
    if (queryId === 0) return;
    // It would be lost with the editor that goes out of sight.
    if (panel("query").contains(document.activeElement)) document.getElementById(tabId("answer")).focus();
    setView("answer");
  }, [queryId]);
  useEffect(() => {
    setView("query");
    document.querySelector(".graphiql-tab-active")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [operationTab]);
  useShown(isPluginOpen ? "plugin" : view);
  usePanelRoles();
  useWrappedLines();

  const onKeyDown = (event) => {
    const index = VIEWS.indexOf(view);
    const next = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const target = VIEWS.at(next % VIEWS.length);
    setView(target);
    document.getElementById(tabId(target)).focus();
  };

  return (
    <div className="views">
      <div role="tablist" aria-label="Query or answer" onKeyDown={onKeyDown}>
        {VIEWS.map((name) => (
          <UnStyledButton
            key={name}
            id={tabId(name)}
            type="button"
            role="tab"
            aria-controls={panelId(name)}
            aria-selected={name === view}
            tabIndex={name === view ? 0 : -1}
            onClick={() => setView(name)}
          >
            {LABELS[name]}
          </UnStyledButton>
        ))}
      </div>
      <ExecuteButton />
    </div>
  );
}

/** Tells the stylesheet what fills the width: a view, or a plugin. */
function useShown(shown) {
  useEffect(() => {
    document.body.dataset.shown = shown;
    return () => delete document.body.dataset.shown;
  }, [shown]);
}

/** GraphiQL's elements are the tabs' panels for as long as there are tabs. */
function usePanelRoles() {
  useEffect(() => {
    for (const view of VIEWS) {
      const attributes = { id: panelId(view), role: "tabpanel", "aria-labelledby": tabId(view) };
      for (const [name, value] of Object.entries(attributes)) panel(view).setAttribute(name, value);
    }
    return () => {
      for (const view of VIEWS) {
        for (const name of ["id", "role", "aria-labelledby"]) panel(view)?.removeAttribute(name);
      }
    };
  }, []);
}

/** Long lines go on below, as they do in the answer at any width. */
function useWrappedLines() {
  const editors = useGraphiQL(({ queryEditor, variableEditor, headerEditor }) => [
    queryEditor,
    variableEditor,
    headerEditor,
  ]);
  useEffect(() => {
    for (const editor of editors) editor?.updateOptions({ wordWrap: "on" });
    return () => {
      for (const editor of editors) editor?.updateOptions({ wordWrap: "off" });
    };
  }, [editors]);
}
