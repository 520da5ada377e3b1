// urql: persisted queries, by GET where the address is short enough.
import { createHash } from 'node:crypto';

import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';

import { exchanges, fetchAndTell } from './exchanges.mjs';
import { url } from './gateway.mjs';

const generateHash = async (text) => createHash('sha256').update(text).digest('hex');

const answers = [];
for (let visitor = 0; visitor < 2; visitor++) {
  const client = new Client({
    url,
    fetch: fetchAndTell,
    exchanges: [persistedExchange({ preferGetForPersistedQueries: true, generateHash }), fetchExchange],
  });
  const query = 'query Latest($first: Int!) { interactions(first: $first) { totalCount nodes { featureId } } }';
  const result = await client.query(query, { first: 2 }).toPromise();
  if (result.error) throw result.error;
  answers.push(result.data.interactions);
}
console.log(JSON.stringify({ answers, exchanges }));
