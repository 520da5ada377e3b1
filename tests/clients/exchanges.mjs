// What a client sent and what it got, told in the order of the requests.
import { fetchAsCaller } from './gateway.mjs';

export const exchanges = [];

export async function fetchAndTell(input, init = {}) {
  const exchange = { method: init.method ?? 'GET' };
  exchanges.push(exchange);
  const response = await fetchAsCaller(input, init);
  const sent = init.body ? JSON.parse(init.body) : Object.fromEntries(new URL(input).searchParams);
  exchange.operations = Array.isArray(sent) ? sent.length : 1;
  exchange.document = [sent].flat().some((one) => Boolean(one.query));
  exchange.status = response.status;
  exchange.cacheControl = response.headers.get('cache-control');
  exchange.etag = response.headers.has('etag');
  return response;
}
