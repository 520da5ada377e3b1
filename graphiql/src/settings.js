// What this visit begins with: the gateway's settings for it, and what the address and the page that opened it add.
import { headersOfOpener, operationIn } from "./handoff.js";

const element = document.getElementById("settings");
const settings = JSON.parse(element.textContent);
const fragment = new URLSearchParams(location.hash.slice(1));

/** The headers with the key and the namespace that stand in the address, behind #, where no server is told of them. */
function withFragment(headers) {
  const key = fragment.get("key");
  const namespace = fragment.get("namespace");
  return {
    ...headers,
    ...(key && { Authorization: `Bearer ${key}` }),
    ...(namespace && { "X-Namespace": namespace }),
  };
}

const initialHeaders = headersOfOpener() ?? settings.headers;

export const headers = settings.takesKey ? withFragment(initialHeaders) : initialHeaders;
/** That is handed over with the address; null where none is. */
export const operation = operationIn(fragment);
export const { tabs } = settings;
/** That of the page's policy. */
export const { nonce } = element;

// Neither the history nor who looks over a shoulder is to have the key; the address may be opened again, which without
// this would only move within the page.
history.replaceState(history.state, "", location.pathname + location.search);
addEventListener("hashchange", () => location.reload());
