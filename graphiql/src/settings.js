// What the gateway says for this visit: the headers and tabs to begin with, and the nonce of the page's policy.
const element = document.getElementById("settings");
const settings = JSON.parse(element.textContent);

/** The headers with the key and the namespace that stand in the address, behind #, where no server is told of them. */
function withFragment(headers) {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const key = fragment.get("key");
  const namespace = fragment.get("namespace");
  return {
    ...headers,
    ...(key && { Authorization: `Bearer ${key}` }),
    ...(namespace && { "X-Namespace": namespace }),
  };
}

export const headers = settings.takesKey ? withFragment(settings.headers) : settings.headers;
export const { tabs } = settings;
export const { nonce } = element;

// Neither the history nor who looks over a shoulder is to have the key; the address may be opened again, which without
// this would only move within the page.
history.replaceState(history.state, "", location.pathname + location.search);
addEventListener("hashchange", () => location.reload());
