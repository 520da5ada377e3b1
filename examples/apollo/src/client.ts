/** An Apollo Client for the gateway: one normalized cache, HTTP, and a WebSocket for subscriptions. */

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";
import { createClient as createSocket, type Client as Socket } from "graphql-ws";

import possibleTypes from "./gql/possibleTypes.js";

export interface Gateway {
  url: string;
  key: string;
  /** A name or an id (`ns_…`). */
  namespace: string;
  fetch?: typeof fetch;
}

/** A connection is one list for each filter and order, whatever the pages. */
const connection = () => relayStylePagination(["where", "orderBy"]);

export function createCache(): InMemoryCache {
  return new InMemoryCache({
    ...possibleTypes,
    typePolicies: {
      Query: { fields: { interactions: connection(), searchRequests: connection() } },
      SearchRequest: { fields: { interactions: connection() } },
      Session: { fields: { interactions: connection(), searchRequests: connection() } },
      // The one entity without a global id.
      Feature: { keyFields: ["featureId"], fields: { interactions: connection() } },
      Viewer: { keyFields: [] },
    },
  });
}

export function createClient(gateway: Gateway): { client: ApolloClient; socket: Socket } {
  const headers = { authorization: `Bearer ${gateway.key}`, "x-namespace": gateway.namespace };

  // Connects with the first subscription, and again after a lost connection.
  const socket = createSocket({
    url: gateway.url.replace(/^http/, "ws"),
    connectionParams: headers,
  });

  // Queries are sent by GET with their hash alone, for caches on the way; a query that the gateway doesn't know yet is
  // sent once more with its text. Mutations are sent by POST.
  const http = ApolloLink.from([
    new PersistedQueryLink({ sha256, useGETForHashedQueries: true }),
    new HttpLink({ uri: gateway.url, headers, fetch: gateway.fetch }),
  ]);

  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    http,
  );
  return { client: new ApolloClient({ cache: createCache(), link }), socket };
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
