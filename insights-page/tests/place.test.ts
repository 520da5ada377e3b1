import { describe, expect, test } from "vitest";

import { fragmentOf, type Place, placeOf } from "../src/address/place";
import { changed } from "../src/address/place_context";

const place: Place = {
  view: "queries",
  item: "running shoes + 50% off/new?",
  namespace: "shop",
  scope: {
    range: { from: "2026-03-01", to: "2026-03-31" },
    zone: "Europe/Berlin",
    text: "a&b=c",
    collection: "products",
    condition: { key: "color", value: "navy" },
    user: "u#1",
    metadata: { path: "device.os", value: "ios" },
  },
  parameters: { sort: "-CLICKS", after: "opaque==" },
};

describe("the address", () => {
  test("names a place wholly", () => {
    expect(placeOf(fragmentOf(place))).toEqual(place);
  });

  test("takes the usual where it says nothing, or nonsense", () => {
    for (const fragment of ["", "#", "#/", "#/overview?range=1000y&zone=Mars/Olympus&from=2026-13-01&to=x"]) {
      const { view, scope } = placeOf(fragment);
      expect(view).toBe("overview");
      expect(scope.range).toBe("30d");
      expect(scope.zone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
    }
  });

  test("survives a broken escape", () => {
    expect(placeOf("#/queries/100%").item).toBe("100%");
  });
});

describe("a change of place", () => {
  test("of the filters begins with the first page, and keeps the order", () => {
    const { parameters, item } = changed(place, { scope: { text: null } });
    expect(parameters).toEqual({ sort: "-CLICKS" });
    expect(item).toBe(place.item);
  });

  test("to another view keeps the filters, and nothing of the view", () => {
    const moved = changed(place, { view: "items" });
    expect(moved).toEqual({ ...place, view: "items", item: null, parameters: {} });
  });
});
