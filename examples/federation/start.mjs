// Serves the two subgraphs and the composed graph, beside a gateway that is running.

import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { collections } from './collections.mjs';
import { items } from './items.mjs';
import { context, router } from './router.mjs';

const { GATEWAY_URL, GATEWAY_KEY, GATEWAY_NAMESPACE, PORT = '4000' } = process.env;
if (!GATEWAY_URL || !GATEWAY_KEY) {
  console.error('Set GATEWAY_URL and GATEWAY_KEY to what `make demo` prints.');
  process.exit(2);
}

async function serve(server, port, options = {}) {
  const { url } = await startStandaloneServer(server, { listen: { port, host: '127.0.0.1' }, ...options });
  return url;
}

const subgraphs = [{ name: 'interactions', url: GATEWAY_URL }];
for (const { name, ...modules } of [items, collections]) {
  const server = new ApolloServer({
    schema: buildSubgraphSchema(modules),
    plugins: [ApolloServerPluginInlineTraceDisabled()],
  });
  subgraphs.push({ name, url: await serve(server, 0) });
}
const headers = {
  authorization: `Bearer ${GATEWAY_KEY}`,
  ...(GATEWAY_NAMESPACE ? { 'x-namespace': GATEWAY_NAMESPACE } : {}),
};
console.log(`Serving ${await serve(router(subgraphs, headers), Number(PORT), { context })}`);
