/** Filter trees as the operations select them: a union at every level, told apart by `__typename`. */

import { ComparisonOperator, type ConditionFragment } from "./gql/graphql.js";

type Condition = ConditionFragment & { __typename: "FilterCondition" };
/** A branch is null where the group has none, and undefined below the levels that were selected. */
type Group = { __typename: "FilterGroup"; and?: Node[] | null; or?: Node[] | null; nor?: Node[] | null };
type Node = Condition | Group;

/** All operators, or this doesn't compile. */
const WORDS: Record<ComparisonOperator, string> = {
  [ComparisonOperator.Eq]: "is",
  [ComparisonOperator.Ne]: "is not",
  [ComparisonOperator.Gt]: "is above",
  [ComparisonOperator.Gte]: "is at least",
  [ComparisonOperator.Lt]: "is below",
  [ComparisonOperator.Lte]: "is at most",
  [ComparisonOperator.In]: "is one of",
  [ComparisonOperator.Nin]: "is none of",
  [ComparisonOperator.IsNull]: "is null:",
  [ComparisonOperator.Exists]: "exists:",
  [ComparisonOperator.Text]: "is about",
  [ComparisonOperator.Contains]: "contains",
  [ComparisonOperator.StartsWith]: "starts with",
  [ComparisonOperator.EndsWith]: "ends with",
  [ComparisonOperator.Regex]: "matches",
  [ComparisonOperator.Other]: "compares somehow with",
};

/** Such as `price is at most 120 and not (brand is "Nike" or stock is 0)`. */
export function sentence(node: Node): string {
  return clauses(node).join(" and ");
}

function clauses(node: Node): string[] {
  if (node.__typename === "FilterCondition") {
    return [`${node.key} ${WORDS[node.operator]} ${JSON.stringify(node.value)}`];
  }
  const { and, or, nor } = node;
  if (and === undefined) return ["…"];
  return [
    ...(and ?? []).map(within),
    ...(or ? [`(${or.map(within).join(" or ")})`] : []),
    ...(nor ? [`not (${nor.map(within).join(" or ")})`] : []),
  ];
}

function within(node: Node): string {
  const all = clauses(node);
  return all.length === 1 ? all[0]! : `(${all.join(" and ")})`;
}
