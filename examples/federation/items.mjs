// The subgraph that owns the items: `Feature` in the gateway's schema, by the same key.

import { gql } from './gql.mjs';

const typeDefs = gql`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key"])

  type Query {
    "The item with this id; null where there is none."
    item(featureId: ID!): Feature
  }

  "An item, as the shop describes it."
  type Feature @key(fields: "featureId") {
    featureId: ID!
    title: String
    image: String
  }
`;

// A shop has a table here; the demo's items are numbered.
function described(featureId) {
  const number = /^sku-(\d+)$/.exec(featureId)?.[1];
  return number ? { featureId, title: `Item ${Number(number)}`, image: `/images/${number}.jpg` } : null;
}

const resolvers = {
  Query: {
    item: (_, { featureId }) => described(featureId),
  },
  Feature: {
    // Interactions without an item lead here too; their fields must be allowed to be null.
    __resolveReference: ({ featureId }) => described(featureId),
  },
};

export const items = { name: 'items', typeDefs, resolvers };
