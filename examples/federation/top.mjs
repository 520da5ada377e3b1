// The items that are clicked most, each with its title, image and rate: what was done is the gateway's, titles and images
// are those of the items.

import { ask } from './ask.mjs';

const query = `
  query Top($first: Int!) {
    interactionStats(groupBy: [{ by: FEATURE }], orderBy: { field: CLICKS }, first: $first) {
      nodes {
        key { feature { featureId title image signals { interactions } } }
        stats { clicks clicksPerView clicksPerViewLowerBound }
      }
    }
  }
`;

await ask(query, { first: Number(process.argv[2] ?? 5) });
