import { fireEvent, screen, waitFor, within } from "@testing-library/preact";
import { describe, expect, test, vi } from "vitest";

import { openPage } from "./opened_page";
import { countedOf } from "../src/views/queries/reformulations";

const stats = (some: Record<string, number | null>) => ({
  searches: 0, requests: 0, sessions: 0, users: 0,
  clickThroughRate: null, averageClickPosition: null, meanReciprocalRank: null, averageMsToFirstClick: null,
  noClickRate: null, noResultsRate: null, averageResultCount: null, conversionRate: null, addToCartRate: null,
  purchaseRate: null, abandonmentRate: null, reformulationRate: null,
  ...some,
});

const group = (query: string | null, some: Record<string, number | null>) => ({ key: { query }, stats: stats(some) });

const LIST = {
  texts: {
    totalCount: 3,
    totals: stats({ searches: 1234, clickThroughRate: 0.5 }),
    nodes: [
      group("running shoes / 50%", { searches: 1000, clickThroughRate: 0.75, noClickRate: 0.25 }),
      group("", { searches: 230, clickThroughRate: 0 }),
      group("lamp", { searches: 4, averageMsToFirstClick: 61_000 }),
    ],
    pageInfo: { hasNextPage: true, endCursor: "opaque" },
  },
};

const cells = () => screen.getAllByRole("row").map((row) => [...row.children].map((cell) => cell.textContent));
const titles = () => cells()[0]?.map((title) => title?.replace(/ [↓↑]$/, ""));

describe("the list of queries", () => {
  test("has a row for each text, the whole's numbers above, and a dash for what there is none of", async () => {
    const asked = openPage("#/queries?range=7d&zone=UTC", { Queries: LIST });
    const table = await screen.findByRole("table", { name: "Searched texts" });
    expect(screen.getByText("3 texts")).toBeTruthy();
    expect(screen.getByText("Searches", { selector: ".name" }).parentElement?.textContent).toContain("1.2K");
    expect(cells()[1]?.slice(0, 4)).toEqual(["running shoes / 50%", "1,000", "0", "75.0%"]);
    expect(cells()[2]?.[0]).toBe("without a text");
    expect(cells()[3]?.slice(0, 4)).toEqual(["lamp", "4", "0", "–"]);
    const link = within(table).getByRole("link", { name: "running shoes / 50%" });
    expect(link.getAttribute("href")).toMatch(/^#\/queries\/running%20shoes%20%2F%2050%25\?/);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.variables).toMatchObject({ orderBy: { field: "SEARCHES", direction: "DESC" }, having: null, after: null });
  });

  test("offers what finds nothing, of texts that a few searched for", async () => {
    const asked = openPage("#/queries?range=7d&zone=UTC", { Queries: LIST });
    const choice = await screen.findByRole("link", { name: "No results" });
    expect(choice.getAttribute("aria-current")).toBeNull();
    location.hash = choice.getAttribute("href") ?? "";
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.variables).toMatchObject({ orderBy: { field: "NO_RESULTS_RATE", direction: "DESC" }, having: { minSearches: 5 } });
    expect(screen.getByRole("link", { name: "No results" }).getAttribute("aria-current")).toBe("true");
    expect(await screen.findByText("3 texts with at least 5 searches")).toBeTruthy();
  });

  test("has the columns that the user chooses, and that of its order, without asking again", async () => {
    const asked = openPage("#/queries?range=7d&zone=UTC&sort=-NO_CLICK_RATE&columns=searches", { Queries: LIST });
    await screen.findByRole("table", { name: "Searched texts" });
    expect(titles()).toEqual(["Text", "Searches", "No clicks"]);
    fireEvent.click(screen.getByLabelText("Time to first click"));
    await waitFor(() => expect(titles()).toEqual(["Text", "Searches", "No clicks", "First click after"]));
    expect(location.hash).toContain("columns=searches%2CaverageMsToFirstClick");
    expect(cells()[3]).toEqual(["lamp", "4", "–", "1 min 1 s"]);
    fireEvent.click(screen.getByRole("button", { name: "The usual ones" }));
    await waitFor(() => expect(location.hash).not.toContain("columns="));
    expect(asked).toHaveLength(1);
  });

  test("is narrowed by a part of the texts, and begins anew with its first page", async () => {
    const asked = openPage("#/queries?range=7d&zone=UTC&after=opaque", { Queries: LIST });
    const field = await screen.findByLabelText("Text contains");
    fireEvent.input(field, { target: { value: " shoes " } });
    fireEvent.change(field);
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[0]?.variables["after"]).toBe("opaque");
    expect(asked[1]?.variables).toMatchObject({ where: { and: [{ text: { contains: "shoes" } }] }, after: null });
  });
});

test("a file of all queries is asked for by large pages, and says where it ends early", async () => {
  const files: Blob[] = [];
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: (file: Blob) => `blob:${files.push(file)}`, revokeObjectURL: () => undefined }));
  const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
  const asked = openPage("#/queries?range=7d&zone=UTC&after=opaque", { Queries: LIST });
  await screen.findByRole("table", { name: "Searched texts" });
  fireEvent.click(screen.getByRole("button", { name: "Download CSV" }));
  // Every page says that there is another one.
  expect(await screen.findByText("The file has the first 300 rows. Narrow what is shown to have all.")).toBeTruthy();
  expect(asked).toHaveLength(101);
  expect(asked[1]?.variables).toMatchObject({ first: 100, after: null });
  expect(asked[2]?.variables).toMatchObject({ first: 100, after: "opaque" });
  expect(click).toHaveBeenCalledOnce();
  const text = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsText(files[0] as Blob);
  });
  expect(text).toMatch(/^query,searches,users,clickThroughRate,.*\r\nrunning shoes \/ 50%,1000,0,0.75,/);
});

const period = (some: Record<string, number | null>) => ({
  totals: stats(some),
  nodes: [{ series: [{ from: "2026-03-01T00:00:00.000Z", to: "2026-03-02T00:00:00.000Z", stats: stats(some) }] }],
});

const ONE = {
  now: period({ searches: 12, clickThroughRate: 0.5, averageClickPosition: 1.5 }),
  before: period({ searches: 10, clickThroughRate: 0.6, averageClickPosition: 1 }),
  clicked: {
    totals: { clicks: 3, positions: [{ from: 0, to: 1, views: 9, clicks: 2 }, { from: 10, to: null, views: 1, clicks: 1 }] },
    nodes: [{ key: { feature: { featureId: "sku-1" } }, stats: { clicks: 3, views: 10, clicksPerView: 0.3, averageClickPosition: 0.5, coec: 1.25 } }],
    pageInfo: { hasNextPage: false, endCursor: null },
  },
  filters: {
    nodes: [{ key: "color", searches: 4, stats: { clickThroughRate: 1, noResultsRate: 0 }, values: [{ value: "navy", searches: 3 }, { value: "42", searches: 1 }] }],
    pageInfo: { hasNextPage: false },
  },
  later: {
    totalCount: 250,
    nodes: ["Desk lamp", "desk  lamp", "torch"].map((text) => ({ outcome: { next: { text } } })),
  },
  earlier: {
    totalCount: 2,
    nodes: [
      { outcome: { previous: { text: "lmap", outcome: { reformulated: true } } } },
      { outcome: { previous: { text: "sofa", outcome: { reformulated: false } } } },
    ],
  },
  latest: {
    nodes: [
      {
        searchRequestId: "s1", firstSeenAt: "2026-03-01T12:00:00.000Z", resultCount: 0, filters: null, session: { sessionId: "visit 1" },
        outcome: { clicked: false, converted: false, noResults: true, abandoned: true, reformulated: false, lowestClickedPosition: null },
      },
    ],
  },
};

describe("a query", () => {
  test("has its numbers against the period before, in one request for its text alone", async () => {
    const asked = openPage("#/queries/lamp?range=7d&zone=UTC&text=other", { Query: ONE });
    await screen.findByRole("heading", { name: "Searches over time" });
    const tile = (name: string) => screen.getByText(name, { selector: ".name" }).parentElement?.textContent;
    expect(tile("Searches")).toBe("Searches12▲ +20%");
    expect(tile("Click-through rate")).toBe("Click-through rate50.0%▼ -10.0 pp");
    expect(tile("Average click position")).toBe("Average click position1.50▲ +0.50");
    expect(screen.getByText("Average click position").parentElement?.querySelector(".worse")).toBeTruthy();
    expect(asked).toHaveLength(1);
    expect(asked[0]?.variables).toMatchObject({ searches: { text: { eq: "lamp" } }, reformulated: { outcome: { reformulated: true } } });
    expect(screen.getByText("These numbers aren't narrowed by text.")).toBeTruthy();
    expect(document.title).toBe("lamp · Search insights");
  });

  test("leads to the items clicked, the texts around it, its filters and its sessions", async () => {
    openPage("#/queries/lamp?range=7d&zone=UTC", { Query: ONE });
    const href = async (name: string) => (await screen.findByRole("link", { name })).getAttribute("href")?.split("?")[0];
    expect(await href("sku-1")).toBe("#/items/sku-1");
    expect(await href("desk lamp")).toBe("#/queries/desk%20lamp");
    expect(await href("lmap")).toBe("#/queries/lmap");
    expect(screen.queryByText("sofa")).toBeNull();
    expect(screen.getByText(/the latest 3 of 250 search requests/)).toBeTruthy();
    expect(await href("color")).toBe("#/filters/color");
    // A text that would read as a number.
    expect(screen.getByRole("link", { name: '"42"' }).getAttribute("href")).toContain("value=%2242%22");
    expect(await href("visit 1")).toBe("#/sessions/visit%201");
    expect(screen.getByText("no results, given up")).toBeTruthy();
  });
});

test("texts are counted as the gateway groups them, the most frequent first", () => {
  expect(countedOf(["b", " A  b", "a b", "B", "b"])).toEqual([["b", 3], ["a b", 2]]);
});
