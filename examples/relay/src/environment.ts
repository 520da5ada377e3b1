/** The Relay environment: one store, HTTP for queries and mutations, a WebSocket for subscriptions. */

import { createClient, type Client, type SubscribePayload } from "graphql-ws";
import {
  Environment,
  Network,
  Observable,
  RecordSource,
  Store,
  type FetchFunction,
  type GraphQLResponse,
  type LogFunction,
  type RequestParameters,
  type SubscribeFunction,
  type Variables,
} from "relay-runtime";

export interface Gateway {
  url: string;
  key: string;
  /** A name or an id (`ns_…`). */
  namespace: string;
  /** Send ids of trusted documents instead of their text: the gateway must have loaded `trusted-documents.json`. */
  trustedDocuments?: boolean;
  log?: LogFunction;
}

export function createEnvironment(gateway: Gateway): { environment: Environment; socket: Client } {
  const headers = { Authorization: `Bearer ${gateway.key}`, "X-Namespace": gateway.namespace };

  const payload = (params: RequestParameters, variables: Variables) => ({
    operationName: params.name,
    variables,
    ...(gateway.trustedDocuments ? { documentId: params.id } : { query: params.text }),
  });

  const fetchOverHttp: FetchFunction = async (params, variables) => {
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: {
        ...headers,
        Accept: "application/graphql-response+json, application/json;q=0.9",
        "Content-Type": "application/json",
      },
      body: JSON.stringify(payload(params, variables)),
    });
    // The gateway's errors are JSON whatever the status; a proxy's needn't be.
    return (await response.json()) as GraphQLResponse;
  };

  // Connects with the first subscription, and again after a lost connection.
  const socket = createClient({
    url: gateway.url.replace(/^http/, "ws"),
    connectionParams: headers,
  });

  // graphql-ws insists on a text, if only an empty one.
  const subscribe: SubscribeFunction = (params, variables) =>
    Observable.create((sink) =>
      socket.subscribe({ query: "", ...payload(params, variables) } as SubscribePayload, {
        next: (answer) => sink.next(answer as GraphQLResponse),
        error: (cause) => sink.error(asError(cause)),
        complete: () => sink.complete(),
      }),
    );

  return {
    environment: new Environment({
      network: Network.create(fetchOverHttp, subscribe),
      store: new Store(new RecordSource()),
      log: gateway.log,
    }),
    socket,
  };
}

/** What ends a subscription is an error, the errors of an answer, or the event that closed the socket. */
function asError(cause: unknown): Error {
  if (cause instanceof Error) return cause;
  const messages = Array.isArray(cause) ? cause.map(({ message }) => message) : ["the socket is closed"];
  return new Error(messages.join(", "), { cause });
}
