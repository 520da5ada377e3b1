/** An urql client for the gateway: a normalized cache that knows the schema, HTTP, and a stream for subscriptions. */

import { Client, fetchExchange, subscriptionExchange, type Exchange } from "@urql/core";
import { cacheExchange, type Cache } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient as createSocket, type Client as Socket } from "graphql-ws";

import type { InteractionRowFragment, RecordedSubscription, RecordMutation } from "./gql/graphql.js";
import { introspection } from "./gql/introspection.js";
import { interactionsQuery } from "./operations.js";

export const PAGE_SIZE = 5;

export interface Gateway {
  url: string;
  key: string;
  /** A name or an id (`ns_…`). */
  namespace: string;
  /** Subscriptions over server-sent events, where WebSockets don't get through. */
  sse?: boolean;
  fetch?: typeof fetch;
}

export function createClient(gateway: Gateway): { client: Client; socket: Socket } {
  const headers = { authorization: `Bearer ${gateway.key}`, "x-namespace": gateway.namespace };

  // Connects with the first subscription, and again after a lost connection.
  const socket = createSocket({ url: gateway.url.replace(/^http/, "ws"), connectionParams: headers });

  const overSocket = subscriptionExchange({
    forwardSubscription: ({ query, variables, operationName, extensions }) => ({
      subscribe: (sink) => ({
        unsubscribe: socket.subscribe({ query: query!, variables: variables as {}, operationName, extensions }, sink),
      }),
    }),
  });

  const client = new Client({
    url: gateway.url,
    fetch: gateway.fetch,
    fetchOptions: { headers },
    fetchSubscriptions: gateway.sse,
    exchanges: [
      createCache(),
      // Queries are sent by GET with their hash alone, for caches on the way; a query that the gateway doesn't know yet
      // is sent once more with its text.
      persistedExchange({ preferGetForPersistedQueries: true }),
      fetchExchange,
      ...(gateway.sse ? [] : [overSocket]),
    ],
  });
  return { client, socket };
}

/** What has no id lives within what holds it. */
const embedded = () => null;

function createCache(): Exchange {
  return cacheExchange({
    schema: introspection,
    keys: {
      Feature: ({ featureId }) => featureId as string,
      Viewer: () => "viewer",
      FilterCondition: embedded,
      FilterGroup: embedded,
      FlatFilterNode: embedded,
      GroupByOptions: embedded,
      QuerySettings: embedded,
      RankingOptions: embedded,
      RankingWeights: embedded,
      SearchQuery: embedded,
      SortOption: embedded,
    },
    resolvers: {
      Query: { interactions: relayPagination(), searchRequests: relayPagination() },
      Feature: { interactions: relayPagination() },
      SearchRequest: { interactions: relayPagination() },
      Session: { interactions: relayPagination(), searchRequests: relayPagination() },
    },
    updates: {
      Mutation: {
        recordInteraction: (result, _args, cache) =>
          addToList(cache, (result as RecordMutation).recordInteraction.interaction),
      },
      Subscription: {
        interactionRecorded: (result, _args, cache) =>
          addToList(cache, (result as RecordedSubscription).interactionRecorded),
      },
    },
  });
}

/** Puts an interaction on top of the list, unless it is there: a mutation and a subscription may both bring it. */
function addToList(cache: Cache, interaction: InteractionRowFragment): void {
  cache.updateQuery({ query: interactionsQuery, variables: { first: PAGE_SIZE } }, (data) => {
    if (!data || data.interactions.edges.some(({ node }) => node?.id === interaction.id)) return data;
    const edge = { __typename: "InteractionEdge" as const, cursor: "", node: interaction };
    return { ...data, interactions: { ...data.interactions, edges: [edge, ...data.interactions.edges] } };
  });
}
