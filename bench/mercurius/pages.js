// Pages of interactions: the gateway's commands and cursors.
import { UUID } from "mongodb";

import { projectionOf } from "./projection.js";

const ORDER = "interactions.occurred_at.desc";
const READ_TIME_MS = Number(process.env.BENCH_READ_TIME_MS);

/** The resolver of the root field. */
export function pagesOf(database) {
  const interactions = database.collection("interactions");
  return async (_, { first, after, where }, { namespaceId }, info) => {
    const user = where?.userId?.eq;
    let filter = { namespace_id: namespaceId };
    if (user != null) filter.user_id = { $eq: user };
    if (after != null) filter = behind(namespaceId, after);
    const found = await interactions
      .find(filter, {
        projection: projectionOf(info),
        sort: { occurred_at: -1, _id: -1 },
        limit: first + 1,
        batchSize: first + 1,
        hint: user == null ? "time" : "user",
        maxTimeMS: READ_TIME_MS,
      })
      .toArray();
    const hasNextPage = found.length > first;
    if (hasNextPage) found.length = first;
    return { nodes: found, pageInfo: { hasNextPage, last: found.at(-1) } };
  };
}

/** The cursor of a document in the default order; null of none. */
export function cursorOf(document) {
  if (document === undefined) return null;
  const time = document.occurred_at.toISOString();
  const spelled = time.endsWith(".000Z") ? `${time.slice(0, -5)}Z` : `${time.slice(0, -1)}000Z`;
  return Buffer.from(JSON.stringify([1, ORDER, spelled, document._id.toString()])).toString("base64url");
}

function behind(namespaceId, after) {
  const [, , time, tie] = JSON.parse(Buffer.from(after, "base64url").toString());
  const at = new Date(time);
  return {
    $or: [
      {
        namespace_id: namespaceId,
        occurred_at: { $eq: at, $not: { $type: "array" } },
        $expr: { $lt: ["$_id", { $literal: new UUID(tie).toBinary() }] },
      },
      {
        namespace_id: namespaceId,
        occurred_at: { $not: { $type: "array" } },
        $expr: { $lt: ["$occurred_at", { $literal: at }] },
      },
    ],
  };
}
