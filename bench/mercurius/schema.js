// Types, and how their fields are read of documents; what a resolver isn't needed for has none.
import { GraphQLScalarType } from "graphql";

import { cursorOf } from "./pages.js";

export const SCHEMA = `
  scalar DateTime
  scalar JSON
  enum InteractionType { VIEW CLICK POSITIVE_FEEDBACK NEGATIVE_FEEDBACK PURCHASE ADD_TO_CART WISHLIST LONG_VIEW SHARE
    BOOKMARK QUERY_REFINEMENT ZERO_RESULTS FILTER_TOGGLE SKIP RETURN_TO_RESULTS }
  enum ComparisonOperator { EQ NE GT LT GTE LTE IN NIN IS_NULL TEXT EXISTS CONTAINS STARTS_WITH ENDS_WITH REGEX }
  enum VectorIndex { IMAGE MULTIMODAL TEXT VIDEO KEYWORD }
  enum QueryInputType { TEXT URL BASE64 }
  enum SortDirection { ASC DESC }
  type FilterCondition { key: String! operator: ComparisonOperator! value: JSON }
  type FilterGroup { and: [FilterNode!] or: [FilterNode!] nor: [FilterNode!] caseSensitive: Boolean json: JSON! }
  union FilterNode = FilterGroup | FilterCondition
  type QuerySettings { limit: Int minScore: Float modality: String }
  type SearchQuery { vectorIndex: VectorIndex! value: String! type: QueryInputType! filters: FilterGroup
    settings: QuerySettings }
  type Sort { field: String! direction: SortDirection! }
  type GroupBy { field: String! maxFeatures: Int sort: Sort }
  type RankingWeights { feedback: Float popularity: Float }
  type RankingOptions { weights: RankingWeights enableReranking: Boolean! }
  type SearchRequest { searchRequestId: ID! queries: [SearchQuery!]! collections: [String!]! filters: FilterGroup
    groupBy: GroupBy sort: Sort select: [String!] rankingOptions: RankingOptions sessionId: ID returnUrl: Boolean
    firstSeenAt: DateTime! }
  type Interaction { interactionId: ID! featureId: ID! interactionType: InteractionType! position: Int durationMs: Int
    sessionId: ID userId: ID occurredAt: DateTime! metadata: JSON searchRequest: SearchRequest }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type InteractionConnection { nodes: [Interaction!]! pageInfo: PageInfo! }
  input IDComparison { eq: ID }
  input InteractionWhere { userId: IDComparison }
  type Query { interactions(first: Int!, after: String, where: InteractionWhere): InteractionConnection! }
`;

const upper = (name) => (stored) => stored[name].toUpperCase();
const stored = (name) => (document) => document[name];

/** The resolvers, with that of the one root. */
export function resolversWith(interactions) {
  return {
    DateTime: new GraphQLScalarType({ name: "DateTime", serialize: (time) => time.toISOString() }),
    JSON: new GraphQLScalarType({ name: "JSON", serialize: (value) => value }),
    Query: { interactions },
    PageInfo: { endCursor: ({ last }) => cursorOf(last) },
    Interaction: {
      interactionId: stored("interaction_id"),
      featureId: stored("feature_id"),
      interactionType: ({ interaction_type: type }) => (Array.isArray(type) ? type[0] : type).toUpperCase(),
      durationMs: stored("duration_ms"),
      sessionId: stored("effective_session_id"),
      userId: stored("user_id"),
      occurredAt: stored("occurred_at"),
      searchRequest: (document) => (document.search_request_id == null ? null : document),
    },
    SearchRequest: {
      searchRequestId: stored("search_request_id"),
      firstSeenAt: stored("first_seen_at"),
      queries: ({ search_request: request }) => request.queries,
      collections: ({ search_request: request }) => request.collections,
      filters: ({ search_request: request }) => request.filters,
      groupBy: ({ search_request: request }) => request.group_by,
      sort: ({ search_request: request }) => request.sort,
      select: ({ search_request: request }) => request.select,
      rankingOptions: ({ search_request: request }) => request.reranking_options,
      sessionId: ({ search_request: request }) => request.session_id,
      returnUrl: ({ search_request: request }) => request.return_url,
    },
    SearchQuery: { vectorIndex: upper("vector_index"), type: upper("type") },
    QuerySettings: { minScore: stored("min_score") },
    GroupBy: { maxFeatures: stored("max_features") },
    Sort: { direction: upper("direction") },
    RankingOptions: { enableReranking: stored("enable_reranking") },
    FilterNode: { resolveType: (node) => ("key" in node ? "FilterCondition" : "FilterGroup") },
    FilterGroup: {
      and: stored("AND"),
      or: stored("OR"),
      nor: stored("NOR"),
      caseSensitive: stored("case_sensitive"),
      json: (tree) => tree,
    },
    FilterCondition: { operator: ({ operator = "eq" }) => operator.toUpperCase() },
  };
}
