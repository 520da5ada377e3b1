// Subscribes with graphql-ws, graphql-sse and urql, through a proxy that then cuts every connection; prints what each was
// told, and what a client without a valid key was told.

import net from 'node:net';
import { Client, fetchExchange } from '@urql/core';
import { createClient as createStreams } from 'graphql-sse';
import { createClient as createSockets } from 'graphql-ws';
import WebSocket from 'ws';
import { fetchAsCaller, headers, url } from './gateway.mjs';

const query = `subscription Recorded($where: InteractionWhere) {
  interactionRecorded(where: $where) { interactionId }
}`;
const variables = { where: { interactionType: { eq: 'CLICK' } } };
const viewer = '{ viewer { keyName } }';

const { hostname, port, pathname } = new URL(url);
const connections = new Set();
const proxy = net.createServer((near) => {
  const far = net.connect(Number(port), hostname);
  near.pipe(far).pipe(near);
  for (const one of [near, far]) {
    connections.add(one);
    one.on('error', () => {}).on('close', () => connections.delete(one));
  }
});
await new Promise((listening) => proxy.listen(0, '127.0.0.1', listening));
const through = `http://127.0.0.1:${proxy.address().port}${pathname}`;

const retry = { retryAttempts: 20, retryWait: () => new Promise((again) => setTimeout(again, 50)) };
const sockets = createSockets({
  url: through.replace('http', 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: headers,
  shouldRetry: () => true,
  ...retry,
});
const streams = createStreams({ url: through, headers, ...retry });
const urql = new Client({
  url: through,
  exchanges: [fetchExchange],
  fetchSubscriptions: true,
  fetchOptions: { headers },
  preferGetMethod: false,
});

const told = { 'graphql-ws': [], 'graphql-sse': [], urql: [] };
const hear = (name) => ({
  next: (answer) => told[name].push(answer.data.interactionRecorded.interactionId),
  error: (error) => told[name].push(String(error)),
  complete: () => {},
});
const ends = [
  sockets.subscribe({ query, variables }, hear('graphql-ws')),
  streams.subscribe({ query, variables }, hear('graphql-sse')),
];
let again = urql.subscription(query, variables).subscribe((result) => hear('urql').next(result));

let recorded = 0;
async function record(interactionType) {
  const interactionId = `${interactionType}-${++recorded}`;
  const input = { interactionId, featureId: 'f', interactionType };
  const mutation = 'mutation ($input: RecordInteractionInput!) { recordInteraction(input: $input) { created } }';
  await fetchAsCaller(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: mutation, variables: { input } }),
  });
}

// Records until all of them are told of it, since a client doesn't say when it has begun.
async function all(names) {
  const before = names.map((name) => told[name].length);
  const deadline = Date.now() + 30_000;
  while (names.some((name, index) => told[name].length === before[index])) {
    if (Date.now() > deadline) throw new Error(`not told: ${JSON.stringify(told)}`);
    await record('VIEW');
    await record('CLICK');
    await new Promise((soon) => setTimeout(soon, 100));
  }
}

await all(['graphql-ws', 'graphql-sse', 'urql']);
// urql leaves it to others to connect again.
again.unsubscribe();
for (const one of connections) one.destroy();
await all(['graphql-ws', 'graphql-sse']);

const answers = {};
answers['graphql-ws'] = (await sockets.iterate({ query: viewer }).next()).value;
answers['graphql-sse'] = (await streams.iterate({ query: viewer }).next()).value;
answers.urql = { data: (await urql.query(viewer, {}).toPromise()).data };

const refused = createSockets({
  url: url.replace('http', 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: 'Bearer nonsense' },
});
const refusal = await new Promise((resolve) => {
  refused.subscribe({ query }, { next: () => {}, error: ({ code, reason }) => resolve({ code, reason }), complete: () => {} });
});
const invalid = (await streams.iterate({ query: 'subscription { nonsense }' }).next()).value;

for (const end of ends) end();
await sockets.dispose();
streams.dispose();
proxy.close();
for (const one of connections) one.destroy();
console.log(JSON.stringify({ told, answers, refusal, invalid: invalid.errors.map((one) => one.extensions.code) }));
