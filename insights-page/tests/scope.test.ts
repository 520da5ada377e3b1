import { expect, test } from "vitest";

import { interactionsOf, type Scope, searchesOf, sessionsOf, typedOf, valueOf } from "../src/address/scope";

const scope: Scope = {
  range: { from: "2026-03-01", to: "2026-03-31" },
  zone: "UTC",
  text: "Lamp",
  collection: "products",
  condition: { key: "price", value: "100" },
  user: "u1",
  metadata: { path: "device.os", value: "ios" },
};
const time = { gte: "2026-03-01T00:00:00Z", lt: "2026-04-01T00:00:00Z" };

test("searches are narrowed by all but metadata", () => {
  expect(searchesOf(scope, 0)).toEqual({
    firstSeenAt: time,
    text: { eq: "Lamp" },
    collections: { has: "products" },
    filters: { key: "price", value: 100 },
    userId: { eq: "u1" },
  });
});

test("interactions are narrowed by their search request and by metadata", () => {
  expect(interactionsOf(scope, 0)).toEqual({
    occurredAt: time,
    text: { eq: "Lamp" },
    userId: { eq: "u1" },
    searchRequest: { collections: { has: "products" }, filters: { key: "price", value: 100 } },
    metadata: [{ path: "device.os", operator: "EQ", value: "ios" }],
  });
});

test("sessions are narrowed by when they began and by their user", () => {
  expect(sessionsOf(scope, 0)).toEqual({ startedAt: time, userId: { eq: "u1" } });
});

test.each([
  ["navy", "navy"],
  ["42", 42],
  ["-1.5e3", -1500],
  ["true", true],
  ["null", null],
  ['"42"', "42"],
  ["1 or 2", "1 or 2"],
])("typed %s is the value %j, and back", (typed, value) => {
  expect(valueOf(typed)).toBe(value);
  expect(valueOf(typedOf(value))).toBe(value);
});
