/** Lists interactions, records one with a filter tree between two pages, reads the tree, and prints what it found. */

import { sentence } from "./filterTree.js";
import { execute, type Gateway } from "./gateway.js";
import {
  ComparisonOperator,
  InteractionType,
  QueryInputType,
  VectorIndex,
  type FilterGroupInput,
  type InteractionsQuery,
  type RecordInteractionInput,
} from "./gql/graphql.js";
import { interactionQuery, interactionsQuery, recordMutation } from "./operations.js";

const { GATEWAY_URL, GATEWAY_KEY, GATEWAY_NAMESPACE, GATEWAY_TRUSTED } = process.env;
if (!GATEWAY_URL || !GATEWAY_KEY || !GATEWAY_NAMESPACE) {
  throw new Error("Set GATEWAY_URL, GATEWAY_KEY and GATEWAY_NAMESPACE to what `make demo` prints.");
}
const gateway: Gateway = {
  url: GATEWAY_URL,
  key: GATEWAY_KEY,
  namespace: GATEWAY_NAMESPACE,
  trustedDocuments: GATEWAY_TRUSTED === "1",
};

/** Page after page, each fetched when it is asked for. */
async function* pages(first: number): AsyncGenerator<string[]> {
  let after: string | null = null;
  do {
    const { interactions }: InteractionsQuery = await execute(gateway, interactionsQuery, { first, after });
    yield interactions.nodes.flatMap((node) => (node ? [node.interactionId] : []));
    after = interactions.pageInfo.hasNextPage ? interactions.pageInfo.endCursor : null;
  } while (after !== null);
}

// Each node is a condition or a group; both at once, or neither, doesn't compile.
const filters: FilterGroupInput = {
  and: [
    { condition: { key: "price", operator: ComparisonOperator.Lte, value: 120 } },
    { group: { or: [{ condition: { key: "color", value: "navy" } }, { condition: { key: "color", value: "blue" } }] } },
  ],
  nor: [{ condition: { key: "stock", value: 0 } }],
};
const input: RecordInteractionInput = {
  interactionId: crypto.randomUUID(),
  featureId: "sku-00603",
  interactionType: InteractionType.Purchase,
  occurredAt: new Date().toISOString(),
  metadata: { device: { os: "ios" } },
  searchRequest: {
    queries: [{ vectorIndex: VectorIndex.Text, type: QueryInputType.Text, value: "running shoes" }],
    collections: ["products"],
    filters,
  },
};

const list: string[][] = [];
const created: boolean[] = [];
for await (const page of pages(5)) {
  list.push(page);
  if (list.length === 1) created.push((await execute(gateway, recordMutation, { input })).recordInteraction.created);
  if (list.length === 3) break;
}
created.push((await execute(gateway, recordMutation, { input })).recordInteraction.created);

const { interaction } = await execute(gateway, interactionQuery, { interactionId: input.interactionId! });
const tree = interaction?.searchRequest?.filters;

console.log(
  JSON.stringify({
    first: list[0],
    list: list.flat(),
    recorded: input.interactionId,
    created,
    occurredAt: interaction?.occurredAt,
    metadata: interaction?.metadata,
    sentence: tree && sentence(tree),
    text: tree?.text,
  }),
);
