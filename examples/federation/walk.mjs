// One query through all three subgraphs: item → interactions → search request → collections.

import { ask } from './ask.mjs';

const query = `
  query Walk($featureId: ID!) {
    item(featureId: $featureId) {
      title
      image
      interactions(first: 2) {
        totalCount
        nodes {
          interactionType
          searchRequest {
            queries { value }
            searchedCollections { name title }
          }
        }
      }
    }
  }
`;

await ask(query, { featureId: process.argv[2] ?? 'sku-00000' });
