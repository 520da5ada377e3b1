import { fireEvent, screen, waitFor, within } from "@testing-library/preact";
import { describe, expect, test } from "vitest";

import { openPage } from "./opened_page";

const numbers = (some: Record<string, number | null>) => ({
  views: 0, clicks: 0, clicksPerView: null, clicksPerViewLowerBound: null, averageClickPosition: null, negativeRate: null,
  averageDurationMs: null,
  ...some,
});

const LIST = {
  interactionStats: {
    totalCount: 1234,
    totals: numbers({ views: 4461, clicks: 729, clicksPerView: 0.1634 }),
    nodes: [
      {
        key: { feature: { featureId: "sku/1" } },
        stats: {
          ...numbers({ views: 1000, clicks: 250, clicksPerView: 0.25, clicksPerViewLowerBound: 0.224, averageDurationMs: 61_000 }),
          coec: 1.7,
        },
      },
      { key: { feature: { featureId: "unseen" } }, stats: { ...numbers({ clicks: 1 }), coec: null } },
    ],
    pageInfo: { hasNextPage: true, endCursor: "opaque" },
  },
};

const cellsOf = (name: string) =>
  within(screen.getByRole("table", { name })).getAllByRole("row").map((row) => [...row.children].map((cell) => cell.textContent));
const tile = (name: string) => screen.getByText(name, { selector: ".name" }).parentElement?.textContent;

describe("the list of items", () => {
  test("has a row for each item, the most clicked first, with a dash for what there is none of", async () => {
    const asked = openPage("#/items?range=7d&zone=UTC", { Items: LIST });
    await screen.findByRole("heading", { name: "1,234 items" });
    const [, ...rows] = cellsOf("Items and their numbers");
    expect(rows).toEqual([
      ["sku/1", "1,000", "250", "25.0%", "22.4%", "1.70", "–", "–", "1 min 1 s"],
      ["unseen", "0", "1", "–", "–", "–", "–", "–", "–"],
    ]);
    expect(screen.getByRole("link", { name: "sku/1" }).getAttribute("href")).toMatch(/^#\/items\/sku%2F1\?/);
    expect(tile("Views")).toBe("Views4.5K");
    expect(screen.getByRole("link", { name: "Most clicked" }).getAttribute("aria-current")).toBe("true");
    expect(asked).toHaveLength(1);
    expect(asked[0]?.variables).toMatchObject({ orderBy: { field: "CLICKS", direction: "DESC" }, minViews: 1, after: null });
  });

  test("offers what is clicked more than its positions make one expect, among what was seen often enough", async () => {
    const asked = openPage("#/items?range=7d&zone=UTC&after=opaque", { Items: LIST });
    location.hash = (await screen.findByRole("link", { name: "Better than its positions" })).getAttribute("href") ?? "";
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.variables).toMatchObject({ orderBy: { field: "COEC", direction: "DESC" }, minViews: 20, after: null });
    expect((screen.getByLabelText("Views, at least") as HTMLInputElement).value).toBe("20");
  });

  test("is limited to what was viewed often enough, in the address too", async () => {
    const asked = openPage("#/items?range=7d&zone=UTC", { Items: LIST });
    const field = await screen.findByLabelText("Views, at least");
    fireEvent.input(field, { target: { value: "50" } });
    fireEvent.change(field);
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.variables).toMatchObject({ minViews: 50 });
    expect(location.hash).toContain("views=50");
  });

  test("says how to see more where nothing was viewed so often", async () => {
    const none = { interactionStats: { ...LIST.interactionStats, totalCount: 0, nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } };
    openPage("#/items?range=7d&zone=UTC&views=5000", { Items: none });
    expect(await screen.findByText(/No item has 5,000 views or more/)).toBeTruthy();
    const more = screen.getByRole("link", { name: "Show items with any number of views" });
    expect(more.getAttribute("href")).toContain("views=0");
  });
});

const period = (some: Record<string, number | null>) => ({
  totals: numbers(some),
  nodes: [{ series: [{ from: "2026-03-01T00:00:00.000Z", to: "2026-03-02T00:00:00.000Z", stats: numbers(some) }] }],
});

const now = period({ views: 20, clicks: 5, clicksPerView: 0.25, clicksPerViewLowerBound: 0.11, averageClickPosition: 0.5 });
const positions = [{ from: 0, to: 1, views: 20, clicks: 5 }, { from: 1, to: 10, views: 0, clicks: 0 }, { from: 10, to: null, views: 3, clicks: 0 }];

const ITEM = {
  feature: { signals: { score: 0.775, feedback: 0.77, popularity: 0.78, positives: 28.4, negatives: 2.8, skips: 0.6, interactions: 300 } },
  now: { ...now, totals: { ...now.totals, interactions: 40, searches: 12, users: 7, revenue: [{ currency: "GBP", amount: 772.75 }], positions } },
  before: period({ views: 10, clicks: 5, clicksPerView: 0.5, averageClickPosition: 0.25 }),
  queries: {
    totalCount: 3,
    nodes: [
      { key: { query: "running shoes" }, stats: numbers({ views: 10, clicks: 4, clicksPerView: 0.4 }) },
      { key: { query: "" }, stats: numbers({ views: 2 }) },
      { key: { query: null }, stats: numbers({ views: 1 }) },
    ],
    pageInfo: { hasNextPage: true, endCursor: "opaque" },
  },
  interactions: {
    nodes: [
      {
        interactionId: "i1", interactionTypes: ["ADD_TO_CART"], occurredAt: "2026-03-01T12:00:00.000Z", position: 0,
        sessionId: "visit 1", userId: null, searchRequest: { text: "running shoes" },
      },
    ],
  },
};

describe("an item", () => {
  test("has its numbers against the period before, of it alone, in one request", async () => {
    const asked = openPage("#/items/sku%2F1?range=7d&zone=UTC", { Item: ITEM });
    await screen.findByRole("heading", { name: "Clicks over time" });
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("sku/1");
    expect(tile("Views")).toBe("Views20▲ +100%");
    expect(tile("Clicks per view")).toBe("Clicks per view25.0%▼ -25.0 pp");
    expect(tile("Click position")).toBe("Click position0.50▲ +0.25");
    expect(tile("Revenue, GBP")).toBe("Revenue, GBP772.75");
    expect(asked).toHaveLength(1);
    expect(asked[0]?.variables).toMatchObject({ featureId: "sku/1", where: { featureId: { eq: "sku/1" } }, isCompared: false });
  });

  test("has its positions, the queries that lead to it, and what was done last", async () => {
    openPage("#/items/sku-1?range=7d&zone=UTC", { Item: ITEM });
    await screen.findByRole("heading", { name: "Queries that lead to it (3)" });
    expect(cellsOf("By position").slice(1)).toEqual([
      ["0", "20", "5", "25.0%"],
      ["1–9", "0", "0", "–"],
      ["10+", "3", "0", "0.0%"],
    ]);
    expect(cellsOf("Queries that lead to the item").slice(1).map(([query, views]) => [query, views])).toEqual([
      ["running shoes", "10"],
      ["without a text", "2"],
      ["without a search", "1"],
    ]);
    expect(cellsOf("Latest interactions")[1]).toEqual(["1 Mar 2026, 12:00", "add to cart", "0", "running shoes", "visit 1", ""]);
    expect(screen.getByRole("link", { name: "visit 1" }).getAttribute("href")).toMatch(/^#\/sessions\/visit%201\?/);
  });

  test("has signals by a half-life that is asked for once the slider is let go", async () => {
    const asked = openPage("#/items/sku-1?range=7d&zone=UTC", { Item: ITEM });
    const slider = await screen.findByRole("slider");
    expect(tile("Score")).toBe("Score0.78from −1 to 1");
    expect(asked[0]?.variables).toMatchObject({ halfLifeDays: 7, asOf: null });
    for (const days of ["20", "30", "45"]) fireEvent.input(slider, { target: { value: days } });
    await screen.findByText("45 days");
    expect(asked).toHaveLength(1);
    fireEvent.change(slider);
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.variables).toMatchObject({ halfLifeDays: 45 });
    expect(location.hash).toContain("halfLife=45");
  });

  test("has signals as of the end of a range that is over, and of seven days where the address has nonsense", async () => {
    const asked = openPage("#/items/sku-1?from=2026-01-01&to=2026-01-31&zone=UTC&halfLife=1000", { Item: ITEM });
    expect(await screen.findByText(/300 interactions with the item until the end of the range/)).toBeTruthy();
    expect(asked[0]?.variables).toMatchObject({ halfLifeDays: 7, asOf: "2026-02-01T00:00:00Z" });
  });

  test("is compared with all items by position, where that is wished", async () => {
    const all = { totals: { positions: positions.map((bucket) => ({ ...bucket, views: 100, clicks: 20 })) } };
    const asked = openPage("#/items/sku-1?range=7d&zone=UTC&user=u1", { Item: { ...ITEM, allItems: all } });
    fireEvent.click(await screen.findByLabelText("Compare with all items"));
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.variables).toMatchObject({ isCompared: true, allItems: { userId: { eq: "u1" } } });
    expect(asked[1]?.variables["allItems"]).not.toHaveProperty("featureId");
    expect(cellsOf("By position")[2]).toEqual(["1–9", "0", "0", "–", "20.0%"]);
  });

  test("has its signals where nothing was done with it in the range", async () => {
    const idle = { ...ITEM.now, totals: { ...ITEM.now.totals, interactions: 0 } };
    openPage("#/items/sku-1?range=24h&zone=UTC", { Item: { ...ITEM, now: idle } });
    expect(await screen.findByText(/Nothing was done with the item in this range/)).toBeTruthy();
    expect(tile("Feedback")).toBe("Feedback0.77from −1 to 1");
    expect(screen.queryByRole("table")).toBeNull();
  });
});
