// What the filter bar says, and what it means for searches, interactions and sessions.
import type { graphql } from "../gateway/graphql";
import { instantOf, type Period, periodOf, type Range } from "./period";

export type SearchRequestWhere = ReturnType<typeof graphql.scalar<"SearchRequestWhere">>;
export type InteractionWhere = ReturnType<typeof graphql.scalar<"InteractionWhere">>;
export type SessionWhere = ReturnType<typeof graphql.scalar<"SessionWhere">>;

/** A condition of a filter tree: with this key and, where it isn't null, with this value. */
export interface Condition {
  key: string;
  value: string | null;
}

export interface Scope {
  range: Range;
  zone: string;
  text: string | null;
  collection: string | null;
  condition: Condition | null;
  user: string | null;
  metadata: { path: string; value: string } | null;
}

/** The searches of a scope; `metadata` is of interactions alone, and doesn't narrow them. */
export function searchesOf(scope: Scope, now: number, period = periodOf(scope.range, scope.zone, now)): SearchRequestWhere {
  return { firstSeenAt: boundsOf(period), ...searchPart(scope), ...(scope.user !== null && { userId: { eq: scope.user } }) };
}

export function interactionsOf(scope: Scope, now: number, period = periodOf(scope.range, scope.zone, now)): InteractionWhere {
  const { text, ...searchRequest } = searchPart(scope);
  return {
    occurredAt: boundsOf(period),
    ...(text && { text }),
    ...(scope.user !== null && { userId: { eq: scope.user } }),
    ...(Object.keys(searchRequest).length > 0 && { searchRequest }),
    ...(scope.metadata && {
      metadata: [{ path: scope.metadata.path, operator: "EQ" as const, value: valueOf(scope.metadata.value) }],
    }),
  };
}

/** The sessions that a scope's period saw begin; of the rest, its user alone narrows them. */
export function sessionsOf(scope: Scope, now: number, period = periodOf(scope.range, scope.zone, now)): SessionWhere {
  return { startedAt: boundsOf(period), ...(scope.user !== null && { userId: { eq: scope.user } }) };
}

/** What a person typed as a JSON value: a number, true, false or null as such, anything else as text. */
export function valueOf(typed: string): unknown {
  if (/^(-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|null|".*")$/.test(typed)) {
    try {
      return JSON.parse(typed);
    } catch {
      return typed;
    }
  }
  return typed;
}

/** The other way: what a person would type for a value. */
export function typedOf(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return valueOf(value) === value ? value : JSON.stringify(value);
}

const boundsOf = ({ from, to }: Period): { gte: string; lt: string } => ({ gte: instantOf(from), lt: instantOf(to) });

function searchPart({ text, collection, condition }: Scope) {
  return {
    // The gateway normalises what is compared with, as it does with what was searched.
    ...(text !== null && { text: { eq: text } }),
    ...(collection !== null && { collections: { has: collection } }),
    ...(condition && {
      filters: { key: condition.key, ...(condition.value !== null && { value: valueOf(condition.value) }) },
    }),
  };
}
