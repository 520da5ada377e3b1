// The public GraphQL endpoint, beside which the page lies.
import { print } from "@0no-co/graphql.web";
import type { DocumentNode } from "graphql";
import { createClient } from "graphql-ws";

import { type Connection, headersOf } from "./connection";
import { GatewayError, type ReportedError } from "./gateway_error";
import type { TadaDocumentNode } from "./graphql";

export const endpoint = new URL("graphql", location.href.replace(/#.*/, ""));

/** An operation's text, as a person would write it. */
export const textOf = (document: DocumentNode): string => print(document);

/** The operation's data; raises `GatewayError` where there is an error, also beside data. */
export async function ask<Data, Variables>(
  connection: Connection,
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      headers: {
        ...headersOf(connection),
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json",
      },
      body: JSON.stringify({ query: textOf(document), variables }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new GatewayError("The gateway can't be reached.", "UNREACHABLE");
  }
  const answer = await readJson(response);
  const [error] = answer?.errors ?? [];
  if (error) throw GatewayError.reported(error, response.headers.get("Retry-After"));
  if (answer?.data == null) throw new GatewayError(`The gateway answered ${response.status} without data.`, "UNREACHABLE");
  return answer.data as Data;
}

/** Calls `onData` with each event until the function that it returns is called, or `onEnd` with why it ended. */
export function subscribe<Data, Variables extends Record<string, unknown>>(
  connection: Connection,
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
  onData: (data: Data) => void,
  onEnd: (error: GatewayError) => void,
): () => void {
  const url = new URL(endpoint);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const client = createClient({ url: url.href, connectionParams: headersOf(connection), retryAttempts: 10 });
  // Once nobody subscribes, the client closes its socket by itself.
  return client.subscribe<Data>(
    { query: textOf(document), variables },
    {
      next: ({ data, errors }) => {
        if (data) onData(data);
        else if (errors?.[0]) onEnd(GatewayError.reported(errors[0]));
      },
      error: (reason) => onEnd(endedBy(reason)),
      complete: () => undefined,
    },
  );
}

function endedBy(reason: unknown): GatewayError {
  if (Array.isArray(reason) && reason[0]) return GatewayError.reported(reason[0] as ReportedError);
  if (reason instanceof CloseEvent && reason.reason) return new GatewayError(reason.reason, String(reason.code));
  return new GatewayError("The connection for live events was lost.", "UNREACHABLE");
}

async function readJson(response: Response): Promise<{ data?: unknown; errors?: ReportedError[] } | null> {
  try {
    return (await response.json()) as { data?: unknown; errors?: ReportedError[] } | null;
  } catch {
    return null;
  }
}
