/** Typed operations over fetch: what a query answers follows from its document. */

import type { TypedDocumentString } from "./gql/graphql.js";

export interface Gateway {
  url: string;
  key: string;
  /** A name or an id (`ns_…`). */
  namespace: string;
  /** Send ids of trusted documents instead of their text: the gateway must have loaded `persisted-documents.json`. */
  trustedDocuments?: boolean;
}

interface Answer<Result> {
  data?: Result | null;
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string } }[];
}

export class GatewayError extends Error {
  constructor(readonly errors: NonNullable<Answer<unknown>["errors"]>) {
    super(errors.map(({ message, extensions }) => `${extensions?.code}: ${message}`).join("\n"));
  }
}

/** Throws where anything is wrong; a page with one unreadable interaction is data and errors at once, though. */
export async function execute<Result, Variables>(
  gateway: Gateway,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(gateway.url, {
    method: "POST",
    headers: {
      Accept: "application/graphql-response+json",
      Authorization: `Bearer ${gateway.key}`,
      "Content-Type": "application/json",
      "X-Namespace": gateway.namespace,
    },
    body: JSON.stringify({
      variables,
      ...(gateway.trustedDocuments ? { documentId: document.__meta__?.hash } : { query: document.toString() }),
    }),
  });
  const { data, errors } = (await response.json()) as Answer<Result>;
  if (errors || !data) throw new GatewayError(errors ?? []);
  return data;
}
