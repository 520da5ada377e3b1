// What the composed graph answers, printed.

const { GATEWAY_KEY, GATEWAY_NAMESPACE, ROUTER_URL = 'http://127.0.0.1:4000/' } = process.env;

export async function ask(query, variables) {
  const response = await fetch(ROUTER_URL, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${GATEWAY_KEY}`,
      ...(GATEWAY_NAMESPACE ? { 'x-namespace': GATEWAY_NAMESPACE } : {}),
    },
    body: JSON.stringify({ query, variables }),
  });
  console.log(JSON.stringify(await response.json(), null, 2));
}
