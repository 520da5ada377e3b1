// Composes the gateway's subgraph with another that has generic names of its own, by Apollo's and by The Guild's rules.
// Prints the errors of each.

import { createRequire } from 'node:module';
import { composeServices as guild } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { fetchAsCaller, url } from './gateway.mjs';

// What the example of federation brings: its composition is the one that its gateway uses.
const example = createRequire(new URL('../../examples/federation/package.json', import.meta.url));
const { composeServices: apollo } = example('@apollo/composition');

const OTHER = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires"])

  type Query {
    node(id: ID!): Node
    viewer: Viewer
    visits(orderBy: SortDirection): [Session!]!
  }
  interface Node { id: ID! }
  type Viewer implements Node { id: ID! name: String! namespace: Namespace! }
  type Namespace { prefix: String! }
  enum SortDirection { UP DOWN }
  type Session implements Node { id: ID! user: String! }
  input IDFilter { equals: ID! }
  type PageInfo @shareable {
    hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String
  }
  type Feature @key(fields: "featureId") { featureId: ID! title: String! byId(filter: IDFilter): String }
  type SearchRequest @key(fields: "id") {
    id: ID! collections: [String!]! @external count: Int @requires(fields: "collections")
  }
  type Interaction @key(fields: "interactionId") { interactionId: ID! note: String }
`;

const asked = await fetchAsCaller(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: '{ _service { sdl } }' }),
});
const { sdl } = (await asked.json()).data._service;

function errors(composeServices, parseText) {
  const url = 'http://subgraph.example';
  const services = Object.entries({ interactions: sdl, other: OTHER });
  const result = composeServices(services.map(([name, text]) => ({ name, url, typeDefs: parseText(text) })));
  return (result.errors ?? []).map((error) => error.message);
}

console.log(JSON.stringify({ apollo: errors(apollo, example('graphql').parse), guild: errors(guild, parse) }));
