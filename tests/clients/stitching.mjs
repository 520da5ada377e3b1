// graphql-tools: the gateway's schema stitched with one of items, merged by the fields that take many ids. Prints the
// answer, and what the gateway was asked for.

import { buildHTTPExecutor } from '@graphql-tools/executor-http';
import { stitchSchemas } from '@graphql-tools/stitch';
import { buildClientSchema, buildSchema, execute, getIntrospectionQuery, graphql, parse, print } from 'graphql';
import { headers, url } from './gateway.mjs';

const remote = buildHTTPExecutor({ endpoint: url, headers });
const asked = [];

const introspected = await remote({ document: parse(getIntrospectionQuery()) });

const interactions = {
  schema: buildClientSchema(introspected.data),
  executor: (request) => {
    asked.push(print(request.document));
    return remote(request);
  },
  batch: true,
  merge: {
    Interaction: {
      selectionSet: '{ interactionId }',
      fieldName: 'interactionsByIds',
      key: ({ interactionId }) => interactionId,
      argsFromKeys: (interactionIds) => ({ interactionIds }),
    },
    Feature: {
      selectionSet: '{ featureId }',
      fieldName: 'features',
      key: ({ featureId }) => featureId,
      argsFromKeys: (featureIds) => ({ featureIds }),
    },
  },
};

const ITEMS = ['f1', 'f2', 'f3'].map((featureId) => ({ featureId, title: `Item ${featureId}` }));
const items = {
  schema: buildSchema(`
    type Query { items: [Feature!]! itemsByIds(ids: [ID!]!): [Feature]! pinned: [Interaction!]! }
    type Feature { featureId: ID! title: String! }
    type Interaction { interactionId: ID! }
  `),
  executor: ({ document, variables }) =>
    execute({
      schema: items.schema,
      document,
      variableValues: variables,
      rootValue: {
        items: ITEMS,
        itemsByIds: ({ ids }) => ids.map((id) => ITEMS.find(({ featureId }) => featureId === id) ?? null),
        pinned: [{ interactionId: 'i3' }, { interactionId: 'nobody' }, { interactionId: 'i1' }],
      },
    }),
  merge: {
    Feature: {
      selectionSet: '{ featureId }',
      fieldName: 'itemsByIds',
      key: ({ featureId }) => featureId,
      argsFromKeys: (ids) => ({ ids }),
    },
  },
};

const schema = stitchSchemas({ subschemas: [interactions, items] });
const answers = [];
for (const source of [
  '{ items { title interactions(first: 1) { nodes { interactionId position } } } }',
  '{ pinned { interactionId position } }',
  '{ interactions(orderBy: { direction: ASC }) { nodes { interactionId feature { title } } } }',
]) {
  answers.push(await graphql({ schema, source }));
}
console.log(JSON.stringify({ answers, asked }));
