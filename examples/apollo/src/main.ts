/** Lists interactions, records one between two pages, hears of it by subscription, and prints what the cache holds. */

import { filter, firstValueFrom, ReplaySubject, takeWhile, timeout, toArray } from "rxjs";
import { WebSocket } from "ws";

import type { ApolloCache } from "@apollo/client";

import { createClient } from "./client.js";
import { InteractionType, type InteractionRowFragment } from "./gql/graphql.js";
import { interactionsQuery, nodeQuery, recordedSubscription, recordMutation } from "./operations.js";

// Node has one of its own from version 22 on.
globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

const { GATEWAY_URL, GATEWAY_KEY, GATEWAY_NAMESPACE } = process.env;
if (!GATEWAY_URL || !GATEWAY_KEY || !GATEWAY_NAMESPACE) {
  throw new Error("Set GATEWAY_URL, GATEWAY_KEY and GATEWAY_NAMESPACE to what `make demo` prints.");
}

const requests: string[] = [];
const { client, socket } = createClient({
  url: GATEWAY_URL,
  key: GATEWAY_KEY,
  namespace: GATEWAY_NAMESPACE,
  fetch: (input, init) => {
    requests.push(init?.method ?? "GET");
    return fetch(input, init);
  },
});

const variables = { first: 5 };
const list = client.watchQuery({ query: interactionsQuery, variables });

/** Puts an interaction on top of the list, unless it is there: a mutation and a subscription may both bring it. */
function addToList(cache: ApolloCache, interaction: InteractionRowFragment): void {
  cache.updateQuery({ query: interactionsQuery, variables }, (data) => {
    if (!data || data.interactions.edges.some(({ node }) => node?.id === interaction.id)) return data;
    const edge = { __typename: "InteractionEdge" as const, cursor: "", node: interaction };
    return { ...data, interactions: { ...data.interactions, edges: [edge, ...data.interactions.edges] } };
  });
}

const listed = () => {
  const { interactions } = client.readQuery({ query: interactionsQuery, variables })!;
  return interactions.edges.flatMap(({ node }) => (node ? [node.interactionId] : []));
};

const input = {
  interactionId: crypto.randomUUID(),
  featureId: "sku-00603",
  interactionType: InteractionType.Click,
  occurredAt: new Date().toISOString(),
};
const record = () =>
  client.mutate({
    mutation: recordMutation,
    variables: { input },
    update: (cache, { data }) => data && addToList(cache, data.recordInteraction.interaction),
  });

const received = new ReplaySubject<string>();
const subscription = client.subscribe({ query: recordedSubscription }).subscribe(({ data, error }) => {
  if (error) return received.error(error);
  if (!data) return;
  addToList(client.cache, data.interactionRecorded);
  received.next(data.interactionRecorded.interactionId);
});

const watching = list.subscribe(() => {});
await firstValueFrom(list.pipe(filter(({ dataState }) => dataState === "complete")));
const first = listed();

// What is sent over a socket is taken in order: once this is answered, the subscription has begun.
await socket.iterate({ query: "{ __typename }" }).next();
const { data: recorded } = await record();
for (let page = 2; page <= 3; page++) {
  const { interactions } = client.readQuery({ query: interactionsQuery, variables })!;
  await list.fetchMore({ variables: { after: interactions.pageInfo.endCursor } });
}
const { data: again } = await record();
const heard = received.pipe(
  takeWhile((id) => id !== input.interactionId, true),
  timeout(20_000),
  toArray(),
);

const { id } = recorded!.recordInteraction.interaction;
const { data: refetched } = await client.query({ query: nodeQuery, variables: { id }, fetchPolicy: "network-only" });

console.log(
  JSON.stringify({
    first,
    list: listed(),
    recorded: input.interactionId,
    created: [recorded?.recordInteraction.created, again?.recordInteraction.created],
    received: await firstValueFrom(heard),
    refetched: refetched?.node,
    requests,
  }),
);
subscription.unsubscribe();
watching.unsubscribe();
client.stop();
await socket.dispose();
