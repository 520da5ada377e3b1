// The audits of GraphQL over HTTP by those who wrote its specification.
import { serverAudits } from 'graphql-http';

import { fetchAsCaller, url } from './gateway.mjs';

const results = [];
for (const audit of serverAudits({ url, fetchFn: fetchAsCaller })) {
  const { status, id, name, reason } = await audit.fn();
  results.push({ status, id, name, reason });
}
console.log(JSON.stringify(results));
