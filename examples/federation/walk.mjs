// One query through all three subgraphs: item → interactions → search request → collections.

const { GATEWAY_KEY, GATEWAY_NAMESPACE, ROUTER_URL = 'http://127.0.0.1:4000/' } = process.env;

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

const response = await fetch(ROUTER_URL, {
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    authorization: `Bearer ${GATEWAY_KEY}`,
    ...(GATEWAY_NAMESPACE ? { 'x-namespace': GATEWAY_NAMESPACE } : {}),
  },
  body: JSON.stringify({ query, variables: { featureId: process.argv[2] ?? 'sku-00000' } }),
});
console.log(JSON.stringify(await response.json(), null, 2));
