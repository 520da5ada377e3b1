// Operations typed by the schema: a field that isn't there, or a variable of another type, doesn't compile.
import { initGraphQLTada } from "gql.tada";

import type { introspection } from "./schema";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; JSON: unknown };
}>();

export type { FragmentOf, ResultOf, TadaDocumentNode, VariablesOf } from "gql.tada";
export { readFragment } from "gql.tada";
