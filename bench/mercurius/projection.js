// What a selection reads of the stored documents, told once for each document of GraphQL.
const PATHS = {
  interactionId: ["interaction_id"],
  featureId: ["feature_id"],
  interactionType: ["interaction_type"],
  position: ["position"],
  durationMs: ["duration_ms"],
  sessionId: ["effective_session_id"],
  userId: ["user_id"],
  occurredAt: ["occurred_at"],
  metadata: ["metadata"],
};
const REQUEST_PATHS = {
  searchRequestId: [],
  queries: ["queries"],
  collections: ["collections"],
  filters: ["filters"],
  groupBy: ["group_by.field", "group_by.max_features", "group_by.sort.direction", "group_by.sort.field"],
  sort: ["sort.direction", "sort.field"],
  select: ["select"],
  rankingOptions: [
    "reranking_options.enable_reranking",
    "reranking_options.weights.feedback",
    "reranking_options.weights.popularity",
  ],
  sessionId: ["session_id"],
  returnUrl: ["return_url"],
};

const known = new WeakMap();

/** The projection of the root field that `info` is about. */
export function projectionOf(info) {
  const [field] = info.fieldNodes;
  let projection = known.get(field);
  if (projection === undefined) known.set(field, (projection = selected(field)));
  return projection;
}

function selected(field) {
  const paths = new Set();
  let hasCursor = false;
  for (const inner of field.selectionSet.selections) {
    if (inner.name.value === "pageInfo") hasCursor = true;
    if (inner.name.value === "nodes") add(paths, inner);
  }
  if (hasCursor) paths.add("_id").add("occurred_at");
  const projection = Object.fromEntries([...paths].sort().map((path) => [path, 1]));
  return hasCursor ? projection : { _id: 0, ...projection };
}

function add(paths, nodes) {
  for (const { name, selectionSet } of nodes.selectionSet.selections) {
    if (name.value !== "searchRequest") {
      for (const path of PATHS[name.value]) paths.add(path);
      continue;
    }
    paths.add("search_request_id");
    for (const inner of selectionSet.selections) {
      if (inner.name.value === "firstSeenAt") paths.add("first_seen_at");
      else for (const path of REQUEST_PATHS[inner.name.value]) paths.add(`search_request.${path}`);
    }
  }
}
