import { render } from "preact";

import { Application } from "./application";
import { readSettings } from "./settings";
import type { Connection } from "./gateway/connection";
import "./styles/page.css";

const KEY = "#key=";

/** The key and the namespace of the address, which doesn't keep them. */
function takeConnection(): Connection | null {
  if (!location.hash.startsWith(KEY)) return null;
  const fragment = new URLSearchParams(location.hash.slice(1));
  // Neither the history nor who looks over a shoulder is to have the key, whether or not it is taken.
  history.replaceState(null, "", location.pathname);
  return readSettings().takesKey ? { key: fragment.get("key") ?? "", namespace: fragment.get("namespace") } : null;
}

const given = takeConnection();
// The address with a key, opened again in this tab, would only move within the page.
addEventListener("hashchange", () => {
  if (location.hash.startsWith(KEY)) location.reload();
});
const root = document.getElementById("insights");
if (root) render(<Application given={given} />, root);
