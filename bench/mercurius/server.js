// Mercurius with its just-in-time compiler on Fastify and MongoDB's driver, in one process: what the gateway is compared
// with in the world of Node. Set up by the gateway's own environment variables; the first line of output has the port.
import { createHash, timingSafeEqual } from "node:crypto";

import Fastify from "fastify";
import mercurius from "mercurius";
import { MongoClient } from "mongodb";

import { pagesOf } from "./pages.js";
import { resolversWith, SCHEMA } from "./schema.js";

const KEY_CACHE_MS = 1_000 * Number(process.env.BENCH_KEY_CACHE_SECONDS);
const HEADERS = JSON.parse(process.env.BENCH_HEADERS);

const client = new MongoClient(process.env.GATEWAY_MONGODB_URI, {
  appName: "search-interactions-gateway",
  readConcernLevel: "majority",
  readPreference: "primary",
  maxPoolSize: 50,
});
const database = client.db(process.env.GATEWAY_MONGODB_DATABASE);
const keys = new Map();

/** The context of a request: the namespace of its key, which is looked up again after seconds. */
async function authenticated(request) {
  const secret = request.headers.authorization?.replace(/^bearer +/i, "") ?? "";
  const id = `key_${secret.slice(3, 15)}`;
  let key = keys.get(id);
  if (key === undefined || key.until < performance.now()) {
    const until = performance.now() + KEY_CACHE_MS;
    const stored = await database.collection("keys").findOne({ _id: id });
    if (stored === null) throw new mercurius.ErrorWithProps("Unauthenticated", undefined, 401);
    key = { until, digest: stored.digest.buffer, namespaceId: stored.default_namespace_id };
    keys.set(id, key);
  }
  if (!timingSafeEqual(createHash("sha256").update(secret).digest(), key.digest)) {
    throw new mercurius.ErrorWithProps("Unauthenticated", undefined, 401);
  }
  return { namespaceId: key.namespaceId };
}

const app = Fastify({ logger: false, keepAliveTimeout: 600_000 });
app.addHook("onRequest", async (_, reply) => {
  reply.headers(HEADERS);
});
app.register(mercurius, { schema: SCHEMA, resolvers: resolversWith(pagesOf(database)), context: authenticated, jit: 1 });

await client.connect();
await app.listen({ host: "127.0.0.1", port: 0 });
process.on("SIGTERM", async () => {
  await app.close();
  await client.close();
  process.exit(0);
});
console.log(JSON.stringify({ port: app.server.address().port }));
