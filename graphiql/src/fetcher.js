import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { parse } from "graphql";

import { holdKey } from "./headers.js";

const url = new URL(location.pathname, location.origin);
const subscriptionUrl = new URL(url);
subscriptionUrl.protocol = url.protocol === "https:" ? "wss:" : "ws:";

const send = createGraphiQLFetcher({
  url: url.href,
  // The headers become the payload of connection_init.
  subscriptionUrl: subscriptionUrl.href,
  // The gateway answers in one piece, by the media type that the specification prefers.
  enableIncrementalDelivery: false,
});

const refusal = { errors: [{ message: "Put your key into the Headers tab below." }] };

/** The document read anew: for a moment after a change of tabs, GraphiQL still has the names of the tab before. */
function current({ query, operationName, ...rest }, options) {
  let documentAST;
  try {
    documentAST = parse(query, { noLocation: true });
  } catch {
    // The gateway says what is wrong with it.
    return [{ query, ...rest }, options];
  }
  const operations = documentAST.definitions.filter(({ kind }) => kind === "OperationDefinition");
  const names = operations.map((one) => one.name?.value);
  const name = names.includes(operationName) ? operationName : names[0];
  return [{ query, operationName: name, ...rest }, { ...options, documentAST }];
}

/**
 * A fetcher that asks nothing without a key: every answer would be 401.
 *
 * Operations go with the headers of their tab. Where those hold no key, as after a choice from the history, `headers`
 * are sent; so it is for the schema, which GraphiQL asks for before there are editors.
 */
export const fetcherWith = (headers) => (operation, options) => {
  const isSchema = operation.operationName === "IntrospectionQuery";
  const sent = !isSchema && holdKey(options?.headers) ? options.headers : headers;
  return holdKey(sent) ? send(...current(operation, { ...options, headers: sent })) : refusal;
};
