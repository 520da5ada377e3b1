import { describe, expect, test } from "vitest";

import { type FlatNode, isGroup, isNegation, keysOf, treeOf } from "../src/parts/filter_nodes";

const group = (index: number, parentIndex: number | null, depth: number, branch: FlatNode["branch"] = null): FlatNode => ({
  index, parentIndex, depth, branch, key: null, operator: null, value: null, caseSensitive: null,
});
const condition = (index: number, parentIndex: number | null, depth: number, branch: FlatNode["branch"], key: string): FlatNode => ({
  index, parentIndex, depth, branch, key, operator: "EQ", value: "x", caseSensitive: null,
});

describe("a recorded filter tree", () => {
  test("has the branches of each group with their nodes, in order", () => {
    const root = treeOf([
      group(0, null, 0),
      condition(1, 0, 1, "AND", "a"),
      group(2, 0, 1, "AND"),
      condition(3, 2, 2, "NOR", "b"),
      condition(4, 0, 1, "OR", "c"),
      condition(5, 0, 1, "AND", "d"),
    ]);
    expect(root && isGroup(root) && root.branches.map(({ name, nodes }) => [name, nodes.map(({ index }) => index)])).toEqual([
      ["AND", [1, 2, 5]],
      ["OR", [4]],
    ]);
    expect(root && isGroup(root) && root.branches.map(keysOf)).toEqual([["a", "b", "d"], ["c"]]);
  });

  test("may be one condition alone, or a group of nothing", () => {
    expect(treeOf([condition(0, null, 0, null, "a")])).toMatchObject({ key: "a", operator: "EQ" });
    expect(treeOf([group(0, null, 0)])).toMatchObject({ branches: [] });
    expect(treeOf([])).toBeNull();
  });

  test("may be of any depth", () => {
    const levels = 2_000;
    const flat = Array.from({ length: levels }, (_, level) => group(level, level === 0 ? null : level - 1, level, level === 0 ? null : "NOR"));
    const root = treeOf([...flat, condition(levels, levels - 1, levels, "AND", "deepest")]);
    expect(root && isGroup(root) && root.branches.map(keysOf)).toEqual([["deepest"]]);
  });
});

test.each([
  ["NE", "x", true],
  ["NIN", ["x"], true],
  ["EXISTS", false, true],
  ["EXISTS", true, false],
  ["EQ", false, false],
] as const)("%s %j is a negation by itself: %s", (operator, value, isOne) => {
  expect(isNegation({ index: 0, key: "a", operator, value })).toBe(isOne);
});
