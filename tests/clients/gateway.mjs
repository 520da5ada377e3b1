// Where the gateway is, and a fetch that says who asks.

export const url = process.env.GATEWAY_URL;

export const headers = {
  authorization: `Bearer ${process.env.GATEWAY_KEY}`,
  'x-namespace': process.env.GATEWAY_NAMESPACE,
};

export function fetchAsCaller(input, init = {}) {
  const all = new Headers(init.headers);
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  return fetch(input, { ...init, headers: all });
}
