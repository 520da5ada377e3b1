// A composed graph (Apollo's gateway) in which other subgraphs refer to the gateway's objects by each of their keys.
// Its generic types have the prefix Acme. The argument: global ids, by type. Prints the answer, and what the other
// subgraphs have seen.

import { createRequire } from 'node:module';
import { router } from '../../examples/federation/router.mjs';
import { headers, url } from './gateway.mjs';

const example = createRequire(new URL('../../examples/federation/package.json', import.meta.url));
const { ApolloServer } = example('@apollo/server');
const { startStandaloneServer } = example('@apollo/server/standalone');
const { ApolloServerPluginInlineTraceDisabled } = example('@apollo/server/plugin/disabled');
const { buildSubgraphSchema } = example('@apollo/subgraph');
const { parse } = example('graphql');

const seen = { requests: 0, keys: [] };

/** The address of a subgraph with these references, by type and key, under the root field of this name. */
async function referring(field, references) {
  const types = references.map(({ __typename, ...key }) => {
    const [name] = Object.keys(key);
    return `type ${__typename} @key(fields: "${name}") { ${name}: ID! }`;
  });
  const typeDefs = parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key"])
    type Query { ${field}: [Referred]! }
    union Referred = ${references.map((one) => one.__typename).join(' | ')}
    ${types.join('\n')}
  `);
  const schema = buildSubgraphSchema({ typeDefs, resolvers: { Query: { [field]: () => references } } });
  const server = new ApolloServer({ schema, plugins: [ApolloServerPluginInlineTraceDisabled()] });
  const context = async ({ req }) => {
    seen.requests++;
    if (req.headers.authorization) seen.keys.push(req.headers.authorization);
    return {};
  };
  const { url } = await startStandaloneServer(server, { context, listen: { port: 0, host: '127.0.0.1' } });
  return [server, url];
}

const own = (number) => [
  { __typename: 'Interaction', interactionId: `i${number}` },
  { __typename: 'SearchRequest', searchRequestId: `r${number}` },
  { __typename: 'Feature', featureId: `f${number}` },
  { __typename: 'AcmeSession', sessionId: `s${number}` },
];
const ids = JSON.parse(process.argv[2]);
const global = Object.entries(ids).map(([__typename, id]) => ({ __typename, id }));

const subgraphs = [{ name: 'interactions', url }];
const servers = [];
for (const [field, references] of [['byOwnKey', own(1)], ['byGlobalId', global], ['gone', own(9)]]) {
  const [server, address] = await referring(field, references);
  servers.push(server);
  subgraphs.push({ name: field.toLowerCase(), url: address });
}

const composed = router(subgraphs, headers);
const read = `
  __typename
  ... on Interaction { position }
  ... on SearchRequest { collections sort { __typename direction } }
`;
const more = `
  ... on Feature { interactions { nodes { session: searchRequest { interactions { totalCount } } } } }
  ... on AcmeSession { startedAt interactions(orderBy: { direction: ASC }) { nodes { interactionId } } }
`;
const query = `{
  byOwnKey { ${read} ${more} }
  byGlobalId { ${read} }
  gone { ${read} ... on AcmeSession { startedAt } }
}`;
const { body } = await composed.executeOperation({ query }, { contextValue: { headers } });
await Promise.all([composed, ...servers].map((server) => server.stop()));
console.log(JSON.stringify({ ...body.singleResult, seen }));
