/** Shows the app without a browser, uses it as a visitor would, and prints what was seen. */

import { closeDocument } from "./headless";

import { createRoot } from "react-dom/client";
import { WebSocket } from "ws";

import { App } from "./App";
import { createEnvironment } from "./environment";

// Node has one of its own from version 22 on.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

const { GATEWAY_URL, GATEWAY_KEY, GATEWAY_NAMESPACE, GATEWAY_TRUSTED } = process.env;
if (!GATEWAY_URL || !GATEWAY_KEY || !GATEWAY_NAMESPACE) {
  throw new Error("Set GATEWAY_URL, GATEWAY_KEY and GATEWAY_NAMESPACE to what `make demo` prints.");
}

// The names of operations that the gateway answered.
const answered: string[] = [];
const asked = new Map<number, string>();
const { environment, socket } = createEnvironment({
  url: GATEWAY_URL,
  key: GATEWAY_KEY,
  namespace: GATEWAY_NAMESPACE,
  trustedDocuments: GATEWAY_TRUSTED === "1",
  log: (event) => {
    if (event.name === "network.start") asked.set(event.networkRequestId, event.params.name);
    if (event.name === "network.next") answered.push(asked.get(event.networkRequestId)!);
  },
});

const page = document.body;
const listed = () => [...page.querySelectorAll("li")].map((row) => row.dataset.interactionId);
const output = (name: string) => page.querySelector<HTMLOutputElement>(`output[name=${name}]`)!;
const button = (name: string) => page.querySelector<HTMLButtonElement>(`button[name=${name}]`)!;
const words = (name: string) => output(name).textContent.split(" ");
const answers = (operation: string) => answered.filter((name) => name === operation).length;

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds(); await new Promise((next) => setTimeout(next, 20))) {
    if (Date.now() > end) throw new Error(`Not within 20 s: ${what}. The page: ${page.innerHTML}`);
  }
}

async function main(): Promise<void> {
  const root = createRoot(page);
  root.render(<App environment={environment} />);
  await until("the first page", () => listed().length > 0);
  const first = listed();

  // React shows the page before it subscribes. What is sent over a socket is taken in order: once this is answered, or
  // refused, the subscription has begun.
  await until("it subscribes", () => [...asked.values()].includes("InteractionListSubscription"));
  await socket
    .iterate({ query: "{ __typename }" })
    .next()
    .catch(() => {});
  const recorded = output("recorded").dataset.interactionId!;
  button("record").click();
  await until("it is recorded", () => listed().includes(recorded));
  for (const pages of [1, 2]) {
    button("more").click();
    await until("the next page", () => answers("InteractionListPaginationQuery") === pages && !button("more").disabled);
  }
  const list = listed();

  button("record").click();
  await until("it is recorded again", () => words("recorded").length === 2);
  await until("it is received", () => words("received").includes(recorded));
  button("refresh").click();
  await until("it is read again", () => answers("InteractionRowRefetchQuery") === 1);
  const created = words("recorded");
  const received = words("received");

  button("delete").click();
  await until("it is deleted", () => !listed().includes(recorded));
  const afterDeletion = listed();
  console.log(JSON.stringify({ first, list, recorded, created, received, afterDeletion, answered }));
  root.unmount();
  await socket.dispose();
  await closeDocument();
  // Relay keeps what was shown for some minutes more, which nobody waits for here.
  process.exit();
}

void main();
