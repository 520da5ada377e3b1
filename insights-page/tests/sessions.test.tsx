import { fireEvent, screen, waitFor, within } from "@testing-library/preact";
import { describe, expect, test } from "vitest";

import { openPage } from "./opened_page";

const LIST = {
  sessions: {
    totalCount: 1,
    nodes: [
      {
        sessionId: "visit/1", startedAt: "2026-03-01T12:00:00.000Z", endedAt: "2026-03-01T12:01:59.700Z",
        searchRequests: { nodes: [{ text: "lamp", userId: null }], stats: { searches: 2, clickThroughRate: 0.5, conversionRate: 0, abandonmentRate: 0.5 } },
        interactions: { totalCount: 7, nodes: [{ userId: "u1" }] },
      },
      null,
    ],
    pageInfo: { hasNextPage: false, endCursor: null },
  },
};

const search = (searchRequestId: string, text: string, firstSeenAt: string, outcome: object) => ({
  cursor: searchRequestId,
  node: {
    searchRequestId, text, firstSeenAt, resultCount: 3, collections: ["products"], userId: "u1",
    filters: { text: 'color = "navy"' }, queries: [{ filters: null }],
    outcome: { clicked: false, converted: false, noResults: false, abandoned: false, reformulated: false, next: null, ...outcome },
  },
});
const action = (interactionId: string, interactionType: string, featureId: string, occurredAt: string, position: number | null) => ({
  cursor: interactionId,
  node: {
    interactionId, interactionType, interactionTypes: [interactionType], featureId, position, occurredAt, durationMs: null, userId: "u1",
    searchRequest: { searchRequestId: "s1", text: "lamp" },
  },
});
const ONE = {
  session: {
    sessionId: "visit/1", startedAt: "2026-03-01T12:00:00.000Z", endedAt: "2026-03-01T12:01:00.000Z",
    searchRequests: {
      edges: [
        search("s1", "lamp", "2026-03-01T12:00:00.000Z", { reformulated: true, next: { searchRequestId: "s2", text: "desk lamp" } }),
        search("s2", "desk lamp", "2026-03-01T12:01:00.000Z", { abandoned: true }),
      ],
      pageInfo: { hasNextPage: false },
      stats: { searches: 2, requests: 2, users: 1, clickThroughRate: 0.5, conversionRate: 0 },
    },
    interactions: {
      totalCount: 4, stats: { clicks: 1 },
      edges: [
        action("i1", "VIEW", "sku-1", "2026-03-01T12:00:01.000Z", 0),
        action("i2", "VIEW", "sku-2", "2026-03-01T12:00:02.000Z", 1),
        action("i3", "CLICK", "sku-2", "2026-03-01T12:00:30.000Z", 1),
        action("i4", "FILTER_TOGGLE", "color", "2026-03-01T12:00:31.000Z", null),
      ],
      pageInfo: { hasNextPage: true },
    },
  },
};

describe("the list of sessions", () => {
  test("has each session with its length, its searches and what it led to", async () => {
    const asked = openPage("#/sessions?range=7d&zone=UTC&sort=-SEARCHES&user=u1", { Sessions: LIST });
    const table = await screen.findByRole("table", { name: "List of sessions" });
    const [, ...rows] = within(table).getAllByRole("row");
    expect(rows.map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([
      ["visit/1", "1 Mar 2026, 12:00", "12:01", "2 min 0 s", "2", "7", "lamp", "clickedabandoned", "u1"],
    ]);
    expect(within(table).getByRole("link", { name: "visit/1" }).getAttribute("href")).toMatch(/^#\/sessions\/visit%2F1\?/);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.variables).toMatchObject({ where: { userId: { eq: "u1" } }, orderBy: { field: "SEARCHES", direction: "DESC" } });
  });

  test("is narrowed by what became of sessions, as the address says", async () => {
    const asked = openPage("#/sessions?range=7d&zone=UTC&clicked=no&searches=nonsense&after=page2", { Sessions: LIST });
    const select = await screen.findByLabelText("Converted");
    await screen.findByRole("table", { name: "List of sessions" });
    expect(asked[0]?.variables["where"]).toEqual({ startedAt: expect.anything(), clicked: false });
    fireEvent.change(select, { target: { value: "yes" } });
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.variables).toMatchObject({ where: { clicked: false, converted: true }, after: null });
    expect(location.hash).toContain("converted=yes");
  });

  test("says what to do where there is none, and keeps its choices", async () => {
    openPage("#/sessions?abandoned=yes", { Sessions: { sessions: { ...LIST.sessions, totalCount: 0, nodes: [] } } });
    expect(await screen.findByText(/Choose a longer range, or fewer filters here and above/)).toBeTruthy();
    expect((screen.getByLabelText("Abandoned") as HTMLSelectElement).value).toBe("yes");
  });
});

describe("the journey of a session", () => {
  test("tells searches and what was done, with marks and pauses, up to where both are known", async () => {
    const asked = openPage("#/sessions/visit%2F1?zone=UTC", { Session: ONE });
    await screen.findByRole("heading", { name: "Session visit/1" });
    const journey = (await screen.findByRole("heading", { name: "Journey" })).parentElement?.querySelector(".journey");
    expect(journey?.textContent).toContain("12:00:00 Searched lamp 3 results in products");
    expect(journey?.textContent).toContain("reformulated as “desk lamp”");
    expect(journey?.textContent).toContain("View of 2 items at 0 to 1");
    expect(journey?.textContent).toContain("28.0 s later12:00:30 click sku-2 at 1");
    expect(screen.getByRole("link", { name: "color" }).getAttribute("href")).toMatch(/^#\/filters\/color\?/);
    // Interactions ahead of the second search may be on the next page.
    expect(journey?.textContent).not.toContain("abandoned");
    expect(asked[0]?.variables).toEqual({ sessionId: "visit/1", searchesAfter: null, interactionsAfter: null });
    fireEvent.click(screen.getByRole("button", { name: "Next page" }));
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.variables).toEqual({ sessionId: "visit/1", searchesAfter: "s1", interactionsAfter: "i4" });
  });

  test("isn't there for an id that the namespace doesn't have", async () => {
    openPage("#/sessions/none?zone=UTC", { Session: { session: null } });
    expect(await screen.findByText(/has no session with this id/)).toBeTruthy();
  });
});
