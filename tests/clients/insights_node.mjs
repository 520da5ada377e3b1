// A server that sends events with Algolia's clients.
import http from 'node:http';
import { createRequire } from 'node:module';

import { insightsClient } from '@algolia/client-insights';
import byFetch from 'search-insights';

const { origin, host, hostname, port } = new URL(process.env.GATEWAY_URL);
const credentials = { appId: process.env.GATEWAY_NAMESPACE, apiKey: process.env.GATEWAY_KEY };

// The sender of search-insights takes a host with its port for a host's name: it reaches none but the usual ports.
const request = http.request;
http.request = (options, ...rest) => request({ ...options, host: hostname, port }, ...rest);
// It is chosen where there is a `require`.
const byHttp = createRequire(import.meta.url)('search-insights');

const complaints = [];
console.error = (error) => complaints.push(String(error));

const event = (userToken, eventName = 'Product Clicked') => ({
  eventName,
  index: 'products',
  userToken,
  queryID: 'q1',
  objectIDs: ['p1'],
  positions: [1],
});
const outcome = (sent) => sent.catch((error) => `${error.name}: ${error.message}`);

const told = {};
for (const [name, aa] of Object.entries({ byFetch, byHttp })) {
  aa('init', { ...credentials, host: origin });
  told[name] = await outcome(aa('clickedObjectIDsAfterSearch', event(name)));
  told[`${name}, other letters`] = await outcome(aa('clickedObjectIDsAfterSearch', event(name, 'Größe gewählt')));
}

const client = insightsClient(credentials.appId, credentials.apiKey, undefined, {
  hosts: [{ url: host, accept: 'readWrite', protocol: 'http' }],
});
const pushed = { eventType: 'click', ...event('client', 'Größe gewählt') };
told.client = await outcome(client.pushEvents({ events: [pushed, { ...pushed, timestamp: Date.now() }] }));
told.refused = await outcome(client.pushEvents({ events: [{ ...pushed, positions: [0] }] }));
told.erased = (await outcome(client.deleteUserToken({ userToken: 'ü/1' }))) ?? null;
client.setClientApiKey({ apiKey: 'sk_wrong' });
told.unknown = await outcome(client.pushEvents({ events: [pushed] }));

console.log(JSON.stringify({ ...told, complaints }));
