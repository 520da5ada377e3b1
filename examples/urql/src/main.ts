/** Lists interactions, records one between two pages, hears of it by subscription, and prints what the cache holds. */

import { WebSocket } from "ws";

import { createClient, PAGE_SIZE } from "./client.js";
import { InteractionType } from "./gql/graphql.js";
import { interactionsQuery, nodeQuery, recordedSubscription, recordMutation } from "./operations.js";

// Node has one of its own from version 22 on.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

const { GATEWAY_URL, GATEWAY_KEY, GATEWAY_NAMESPACE, GATEWAY_SSE } = process.env;
if (!GATEWAY_URL || !GATEWAY_KEY || !GATEWAY_NAMESPACE) {
  throw new Error("Set GATEWAY_URL, GATEWAY_KEY and GATEWAY_NAMESPACE to what `make demo` prints.");
}
const sse = GATEWAY_SSE === "1";

const requests: string[] = [];
let streaming = () => {};
const { client, socket } = createClient({
  url: GATEWAY_URL,
  key: GATEWAY_KEY,
  namespace: GATEWAY_NAMESPACE,
  sse,
  fetch: async (input, init) => {
    const response = await fetch(input, init);
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) streaming();
    else requests.push(init?.method ?? "GET");
    return response;
  },
});

/** All pages so far, as one list; asks the gateway for what isn't cached. */
async function listed(after?: string | null) {
  const { data, error } = await client.query(interactionsQuery, { first: PAGE_SIZE, after });
  if (!data) throw error ?? new Error("no data");
  const { edges, pageInfo } = data.interactions;
  return { ids: edges.flatMap(({ node }) => (node ? [node.interactionId] : [])), endCursor: pageInfo.endCursor };
}

const input = {
  interactionId: crypto.randomUUID(),
  featureId: "sku-00603",
  interactionType: InteractionType.Click,
  occurredAt: new Date().toISOString(),
};
async function record() {
  const { data, error } = await client.mutation(recordMutation, { input });
  if (!data) throw error ?? new Error("no data");
  return data.recordInteraction;
}

/** The ids that the subscription tells of, up to the one recorded here. */
let unsubscribe = () => {};
const received = new Promise<string[]>((resolve, reject) => {
  const ids: string[] = [];
  ({ unsubscribe } = client.subscription(recordedSubscription, {}).subscribe(({ data, error }) => {
    if (error) reject(error);
    if (data) ids.push(data.interactionRecorded.interactionId);
    if (ids.includes(input.interactionId)) resolve(ids);
  }));
});

// A stream is answered once it has begun; what is sent over a socket is taken in order.
const begun = sse
  ? new Promise<void>((resolve) => (streaming = resolve))
  : socket.iterate({ query: "{ __typename }" }).next();

const first = await listed();
await begun;
const recorded = await record();
const second = await listed(first.endCursor);
await listed(second.endCursor);
const again = await record();

const list = await listed();
const { data: refetched } = await client.query(
  nodeQuery,
  { id: recorded.interaction.id },
  { requestPolicy: "network-only" },
);

console.log(
  JSON.stringify({
    first: first.ids,
    list: list.ids,
    recorded: input.interactionId,
    created: [recorded.created, again.created],
    received: await received,
    refetched: refetched?.node,
    requests,
  }),
);
unsubscribe();
await socket.dispose();
