import { expect, test } from "vitest";

import { filterText } from "../src/gateway/filter_text";

test.each([
  [{}, "everything"],
  [{ text: { eq: "running shoes" } }, 'text = "running shoes"'],
  [
    { searchRequest: { collections: { has: "products" }, filters: { key: "color", value: "navy" } }, userId: { eq: "u1" } },
    'searchRequest.collections has "products" and a filter by color of "navy" and userId = "u1"',
  ],
  [{ metadata: [{ path: "device.os", value: "ios" }, { path: "price", operator: "GTE", value: 200 }] }, 'metadata.device.os = "ios" and metadata.price >= 200'],
  [{ metadata: [{ path: "tags", operator: "STARTS_WITH", value: "a", caseSensitive: false }] }, 'metadata.tags starts with "a" ignoring case'],
  [{ position: { gte: 1, lt: 4 }, sessionId: { exists: false } }, "position >= 1 and position < 4 and sessionId is missing or null"],
  [{ or: [{ featureId: { in: ["a", "b"] } }, { userId: { eq: "u" }, position: { eq: 0 } }] }, '(featureId in ["a","b"] or userId = "u" and position = 0)'],
  [{ and: [{ position: { eq: 0 } }, {}], nor: [{ userId: { exists: true } }] }, "position = 0 and none of (userId exists)"],
  [{ searchRequest: { filters: { key: "price", operator: ["LT", "LTE"], branch: "AND" } } }, 'a filter by price with LT or LTE with branch "AND"'],
  [{ searchRequest: { filters: {} } }, "a filter of any kind"],
])("%j reads as %s", (where, text) => {
  expect(filterText(where)).toBe(text);
});
