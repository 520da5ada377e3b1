import { fireEvent, screen, waitFor, within } from "@testing-library/preact";
import { describe, expect, test } from "vitest";

import { openPage } from "./opened_page";

const stats = (searches: number) => ({
  searches, requests: searches, sessions: 0, users: 0,
  clickThroughRate: 0.5, averageClickPosition: 1.5, meanReciprocalRank: null, averageMsToFirstClick: null,
  noClickRate: 0.5, noResultsRate: 0, averageResultCount: null, conversionRate: 0.25, addToCartRate: null,
  purchaseRate: null, abandonmentRate: null, reformulationRate: null,
});

const KEYS = {
  all: { totals: stats(200) },
  byKey: { nodes: [{ key: { filterKey: null }, stats: { ...stats(120), clickThroughRate: 0.4 } }] },
  usage: {
    totalCount: 2,
    nodes: [
      { key: "color", searches: 80, stats: stats(80), values: [{ value: "navy" }, { value: ["red", 1] }, { value: "42" }] },
      { key: "size/eu", searches: 20, stats: stats(20), values: [] },
    ],
    pageInfo: { hasNextPage: true, endCursor: "next" },
  },
};

const node = (index: number, parentIndex: number | null, depth: number, some: object) => ({
  index, parentIndex, depth, branch: null, key: null, operator: null, value: null, caseSensitive: null, ...some,
});
const FLAT = [
  node(0, null, 0, {}),
  node(1, 0, 1, { branch: "AND", key: "color", operator: "NE", value: "navy" }),
  node(2, 0, 1, { branch: "NOR", caseSensitive: true }),
  node(3, 2, 2, { branch: "OR", key: "brand", operator: "IN", value: ["Nike"] }),
  node(4, 2, 2, { branch: "OR" }),
  node(5, 4, 3, { branch: "AND" }),
  node(6, 5, 4, { branch: "AND", key: "stock", operator: "EXISTS", value: false }),
];
const SEARCH = {
  searchRequestId: "s1", text: "rain boots", firstSeenAt: "2026-03-01T12:00:00.000Z", resultCount: 1,
  session: { sessionId: "visit 1" },
  filters: { text: "the text", flat: FLAT },
  queries: [{ vectorIndex: "TEXT", filters: null }],
};
const KEY = {
  all: { totals: { ...stats(200), clickThroughRate: 0.4 } },
  usage: {
    nodes: [
      { key: "brand", searches: 80, stats: stats(80), operators: [], values: [], branches: [], depths: [] },
      {
        key: "color", searches: 80, stats: stats(80),
        operators: [{ operator: "EQ", searches: 70 }, { operator: "NIN", searches: 12 }],
        values: [{ value: "navy", searches: 40, stats: stats(40) }, { value: null, searches: 2, stats: stats(2) }],
        branches: [{ branch: "NOR", searches: 60 }, { branch: null, searches: 3 }],
        depths: [{ depth: 3, searches: 50 }, { depth: 1, searches: 30 }],
      },
    ],
  },
  latest: { nodes: [SEARCH, { ...SEARCH, searchRequestId: "s2", text: "" }], pageInfo: { hasNextPage: false, endCursor: null } },
};

describe("the keys of filters", () => {
  test("stand with their searches and outcome, as the API orders them", async () => {
    const asked = openPage("#/filters?range=7d&zone=UTC&sort=CONVERSION_RATE&after=page2", { FilterKeys: KEYS });
    const table = await screen.findByRole("table", { name: "Keys of filters" });
    const rows = within(table).getAllByRole("row").slice(1).map((row) => [...row.children].map((cell) => cell.textContent));
    expect(rows[0]).toEqual(["color", "80", "50.0%", "1.50", "25.0%", "0.0%", "–", 'navy["red",1]"42"']);
    expect(within(table).getByRole("link", { name: "size/eu" }).getAttribute("href")).toMatch(/^#\/filters\/size%2Feu\?/);
    const rate = screen.getByText("Click-through rate", { selector: ".name" }).parentElement;
    expect(rate?.textContent).toBe("Click-through rate50.0%without filters 40.0%");
    expect(asked).toHaveLength(1);
    expect(asked[0]?.variables).toMatchObject({ orderBy: { field: "CONVERSION_RATE", direction: "ASC" }, after: "page2" });
    expect(screen.getByRole("button", { name: "Next page" })).toBeTruthy();
  });

  test("lead from a value to its key, with both in the filter bar", async () => {
    openPage("#/filters?range=7d&zone=UTC", { FilterKeys: KEYS });
    const href = (await screen.findByRole("link", { name: '"42"' })).getAttribute("href") ?? "";
    expect(href).toMatch(/^#\/filters\/color\?/);
    expect(new URLSearchParams(href.split("?")[1]).get("filter")).toBe("color");
    expect(new URLSearchParams(href.split("?")[1]).get("value")).toBe('"42"');
  });
});

describe("one key", () => {
  test("has its parts, and its outcome against that of all searches, in one request", async () => {
    const asked = openPage("#/filters/color?range=7d&zone=UTC", { FilterKey: KEY });
    await screen.findByRole("heading", { name: "Filters by color" });
    const tile = (await screen.findByText("Click-through rate", { selector: ".name" })).parentElement;
    expect(tile?.textContent).toBe("Click-through rate50.0%▲ +10.0 ppall searches 40.0%");
    const list = (title: string) =>
      [...(screen.getByRole("heading", { name: title }).parentElement?.querySelectorAll("li") ?? [])].map((item) => item.textContent);
    expect(list("Operators")).toEqual(["= equals70", "is none of 12"]);
    expect(list("Branches")).toEqual(["NOR none of these60", "no group the whole tree3"]);
    expect(list("Depths")).toEqual(["1 group around it30", "3 groups around it50"]);
    expect(screen.getByRole("link", { name: "null" }).getAttribute("href")).toContain("value=null");
    expect(screen.getByRole("heading", { name: "Other keys in the same searches" }).nextElementSibling?.textContent).toBe("brand 80");
    expect(asked).toHaveLength(1);
    expect(asked[0]?.variables).toMatchObject({ withKey: { and: [{}, { filters: { key: "color" } }] }, values: 10, after: null });
  });

  test("has the latest trees, of which the first is drawn and others when they are opened", async () => {
    openPage("#/filters/color?range=7d&zone=UTC", { FilterKey: KEY });
    expect(await screen.findByRole("region", { name: "Filter tree of s1, of all results" })).toBeTruthy();
    expect(screen.queryByRole("region", { name: /s2/ })).toBeNull();
    const closed = screen.getByText("everything").closest("details");
    if (closed) closed.open = true;
    expect(await screen.findByRole("region", { name: "Filter tree of s2, of all results" })).toBeTruthy();
  });
});

describe("the filter tree of a search request", () => {
  test("is a list in which negations are told and deep groups fold", async () => {
    openPage("#/filters?request=s1&zone=UTC", { RequestFilters: { searchRequest: SEARCH } });
    const tree = await screen.findByRole("region", { name: "Filter tree of s1, of all results" });
    const [and, nor, inner, deeper, deepest] = [...tree.querySelectorAll("details")];
    expect(and?.querySelector("li")?.textContent).toBe("color ≠ navy");
    expect(nor?.querySelector("summary")?.textContent).toContain("and NOR none of these");
    expect(inner?.querySelector("summary")?.textContent).toContain("notcase countsOR at least one of these");
    expect([inner, deeper, deepest].map((details) => details?.open)).toEqual([true, true, false]);
    fireEvent.click(screen.getByRole("button", { name: "Fold all" }));
    await waitFor(() => expect([...tree.querySelectorAll("details")].map(({ open }) => open)).toEqual([true, true, false, false, false]));
    fireEvent.click(screen.getByRole("button", { name: "Unfold all" }));
    await waitFor(() => expect([...tree.querySelectorAll("details")].every(({ open }) => open)).toBe(true));
    expect(within(tree).getByText("doesn’t exist").closest("li")?.textContent).toBe("stock doesn’t exist ");
    expect(screen.getByRole("link", { name: "Its session" }).getAttribute("href")).toMatch(/^#\/sessions\/visit%201\?/);
  });

  test("isn't there for an id that the namespace doesn't have", async () => {
    openPage("#/filters?request=none&zone=UTC", { RequestFilters: { searchRequest: null } });
    expect(await screen.findByText(/has no search request with this id/)).toBeTruthy();
  });
});
