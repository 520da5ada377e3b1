import { describe, expect, test } from "vitest";

import { clocksBetween, instantOf, intervalOf, periodBefore, periodOf, wallClock } from "../src/address/period";

const NOON = Date.parse("2026-03-30T10:00:00Z"); // 12:00 in Berlin, whose clocks went forward on the 29th

const bounds = (period: ReturnType<typeof periodOf>) => [instantOf(period.from), instantOf(period.to)];

describe("a period", () => {
  test("of days begins at midnight of its zone and ends now", () => {
    expect(bounds(periodOf("7d", "Europe/Berlin", NOON))).toEqual(["2026-03-23T23:00:00Z", "2026-03-30T10:00:00Z"]);
  });

  test("of chosen days holds both, over a change of the clocks", () => {
    const chosen = periodOf({ from: "2026-03-29", to: "2026-03-29" }, "Europe/Berlin", NOON);
    expect(bounds(chosen)).toEqual(["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]);
  });

  test("is compared with as many days before, up to the same time of day", () => {
    const before = periodBefore(periodOf("7d", "Europe/Berlin", NOON));
    expect(bounds(before)).toEqual(["2026-03-16T23:00:00Z", "2026-03-23T11:00:00Z"]);
  });

  test("begins by the clocks as many days after the one before, though they went forward between", () => {
    const period = periodOf({ from: "2026-03-30", to: "2026-04-05" }, "Europe/Berlin", NOON);
    expect(clocksBetween(periodBefore(period), period)).toBe(7 * 86_400_000);
  });

  test("of a day is compared with the 24 hours before", () => {
    const before = periodBefore(periodOf("24h", "UTC", NOON));
    expect(bounds(before)).toEqual(["2026-03-28T10:00:00Z", "2026-03-29T10:00:00Z"]);
  });

  test.each([
    ["24h", "HOUR"],
    ["7d", "DAY"],
    ["90d", "DAY"],
    [{ from: "2025-01-01", to: "2026-01-01" }, "WEEK"],
    [{ from: "2020-01-01", to: "2026-01-01" }, "MONTH"],
  ] as const)("%j makes a series by %s", (range, interval) => {
    expect(intervalOf(periodOf(range, "UTC", NOON))).toBe(interval);
  });
});

test("charts draw what the clocks of the zone show", () => {
  expect(wallClock("2026-03-29T22:30:00Z", "Europe/Berlin").toISOString()).toBe("2026-03-30T00:30:00.000Z");
});
