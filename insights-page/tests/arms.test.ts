import { describe, expect, test } from "vitest";

import { readingOf } from "../src/views/experiments/arm_shares";
import { type ArmsData, armsOf } from "../src/views/experiments/arms";

const groups = (searchesOf: readonly (readonly [unknown, number])[], hasNextPage = false) =>
  ({
    totalCount: searchesOf.length,
    nodes: searchesOf.map(([value, searches]) => ({ key: { metadata: [{ value }] }, stats: { searches } })),
    pageInfo: { hasNextPage },
  }) as unknown as ArmsData["arms"] & ArmsData["clicked"];

const data = (arms: readonly (readonly [unknown, number])[], clicked: readonly (readonly [unknown, number])[]): ArmsData => ({
  arms: groups(arms),
  clicked: groups(clicked),
  converted: groups([]),
});

const shop = data(
  [["new", 70], [null, 40], ["control", 80], ["empty", 0]],
  [["control", 48], ["new", 56], [null, 3]],
);

describe("arms", () => {
  test("have the share of their searches that a click names", () => {
    const [first, , control] = armsOf(shop, undefined);
    expect(first?.clicked?.proportion).toEqual({ count: 56, total: 70 });
    expect(first?.clicked?.interval?.estimate).toBe(0.8);
    expect(first?.clicked?.difference?.low).toBeCloseTo(0.0524, 4);
    expect(control?.clicked).toMatchObject({ proportion: { count: 48, total: 80 }, difference: null });
  });

  test("that nothing came of have a share of 0, and without searches none", () => {
    const [first, , , empty] = armsOf(shop, undefined);
    expect(first?.converted?.proportion).toEqual({ count: 0, total: 70 });
    expect(empty?.clicked).toEqual({ proportion: { count: 0, total: 0 }, interval: null, difference: null });
  });

  test("have no share where the API has more groups than it gave", () => {
    const [first, second] = armsOf({ ...data([["a", 9], ["b", 9]], []), clicked: groups([["a", 4]], true) }, undefined);
    expect(first?.clicked?.proportion.count).toBe(4);
    expect(second?.clicked).toBeNull();
  });

  test("are compared with the chosen one, else with control, else with the first", () => {
    const reference = (chosen: string | undefined, from = shop) => armsOf(from, chosen).find(({ isReference }) => isReference)?.name;
    expect(reference("new")).toBe("new");
    expect(reference("gone")).toBe("control");
    expect(reference(undefined, data([[null, 9], ["b", 5], ["c", 4]], []))).toBe("b");
  });

  test("are values: 1 and its text are two, and no value is no arm", () => {
    const arms = armsOf(data([[1, 3], ["1", 2], [null, 1]], [[1, 1], ["1", 2], [null, 1]]), undefined);
    expect(arms.map(({ name, hasValue, clicked }) => [name, hasValue, clicked?.proportion.count])).toEqual([
      ["1", true, 1],
      ['"1"', true, 2],
      ["without a value", false, 1],
    ]);
    expect(arms[2]?.clicked?.difference).toBeNull();
  });
});

test("a difference is read by whether its interval holds 0", () => {
  const [first, none, control] = armsOf(shop, undefined);
  expect(first && readingOf(first, first.clicked?.difference)).toBe("higher");
  expect(first && readingOf(first, first.converted?.difference)).toBe("no difference can be told");
  expect(none && readingOf(none, none.clicked?.difference)).toBe("–");
  expect(control && readingOf(control, null)).toBe("reference");
});
