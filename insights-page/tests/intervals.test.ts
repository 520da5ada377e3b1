import { describe, expect, test } from "vitest";

import { newcombeInterval, type Proportion, signOf, wilsonInterval } from "../src/numbers/intervals";

const of = (count: number, total: number): Proportion => ({ count, total });

describe("Wilson's interval", () => {
  // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I, method 3.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("of %i of %i is %f to %f", (count, total, low, high) => {
    const interval = wilsonInterval(of(count, total));
    expect(interval?.estimate).toBe(count / total);
    expect(interval?.low).toBeCloseTo(low, 4);
    expect(interval?.high).toBeCloseTo(high, 4);
  });

  test("reaches 0 and 1 exactly, and isn't there without searches", () => {
    expect(wilsonInterval(of(0, 7))?.low).toBe(0);
    expect(wilsonInterval(of(7, 7))?.high).toBe(1);
    expect(wilsonInterval(of(0, 0))).toBeNull();
  });
});

describe("Newcombe's interval", () => {
  // Newcombe 1998 (differences), table II, method 10.
  test.each([
    [of(56, 70), of(48, 80), 0.0524, 0.3339],
    [of(9, 10), of(3, 10), 0.1705, 0.809],
    [of(6, 7), of(2, 7), 0.0582, 0.8062],
    [of(5, 56), of(0, 29), -0.0381, 0.1926],
    [of(0, 10), of(0, 20), -0.1611, 0.2775],
    [of(0, 10), of(0, 10), -0.2775, 0.2775],
    [of(10, 10), of(0, 20), 0.6791, 1],
    [of(10, 10), of(0, 10), 0.6075, 1],
  ])("of %o less %o is %f to %f", (proportion, reference, low, high) => {
    const interval = newcombeInterval(proportion, reference);
    expect(interval?.estimate).toBeCloseTo(proportion.count / proportion.total - reference.count / reference.total, 12);
    expect(interval?.low).toBeCloseTo(low, 4);
    expect(interval?.high).toBeCloseTo(high, 4);
  });

  test("turns its sign with the arms", () => {
    const [there, back] = [newcombeInterval(of(56, 70), of(48, 80)), newcombeInterval(of(48, 80), of(56, 70))];
    expect(back?.low).toBeCloseTo(-(there?.high ?? NaN), 12);
    expect(back?.high).toBeCloseTo(-(there?.low ?? NaN), 12);
  });

  test("tells a difference only where it doesn't hold 0", () => {
    expect(signOf({ estimate: 0.2, low: 0.05, high: 0.33 })).toBe("higher");
    expect(signOf({ estimate: -0.2, low: -0.33, high: -0.05 })).toBe("lower");
    expect(signOf({ estimate: 0.07, low: -0.04, high: 0.19 })).toBeNull();
    expect(signOf({ estimate: 0.1, low: 0, high: 0.2 })).toBeNull();
    expect(newcombeInterval(of(1, 2), of(0, 0))).toBeNull();
  });
});
