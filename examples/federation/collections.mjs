// The subgraph that owns the collections. The gateway knows their names alone (`SearchRequest.collections`): this one asks
// for them, and adds the objects to the same search request.

import { gql } from './gql.mjs';

const typeDefs = gql`
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@external", "@requires"])

  type Query {
    collection(name: String!): Collection
  }

  "A collection of items that can be searched."
  type Collection @key(fields: "name") {
    name: String!
    title: String!
  }

  type SearchRequest @key(fields: "searchRequestId") {
    searchRequestId: ID!
    collections: [String!]! @external
    "The collections that were searched; null for one that is gone."
    searchedCollections: [Collection]! @requires(fields: "collections")
  }
`;

const TITLES = {
  products: 'All products',
  outlet: 'Outlet',
  accessories: 'Accessories',
  marketplace: 'Marketplace',
};

const byName = (name) => (name in TITLES ? { name, title: TITLES[name] } : null);

const resolvers = {
  Query: {
    collection: (_, { name }) => byName(name),
  },
  Collection: {
    __resolveReference: ({ name }) => byName(name),
  },
  SearchRequest: {
    searchedCollections: ({ collections }) => collections.map(byName),
  },
};

export const collections = { name: 'collections', typeDefs, resolvers };
