import { fireEvent, screen, within } from "@testing-library/preact";
import { describe, expect, test } from "vitest";

import { type Match, newerOf } from "../src/views/saved/percolator_matches";
import { openPage, refusal } from "./opened_page";

const WRITE = { permissions: ["READ", "WRITE"] };
const listOf = (...nodes: object[]) => ({ SavedFilters: { percolators: { nodes, pageInfo: { hasNextPage: false, endCursor: null } } } });

const lamps = {
  percolatorId: "pc_1",
  name: "Lamps",
  where: { text: { eq: "lamp" } },
  enabled: true,
  createdAt: "2026-03-01T12:00:00.000Z",
  matchCount: 2,
};

describe("saved filters", () => {
  test("are listed with their filter as text, and a link to their matches", async () => {
    openPage("#/saved?range=7d", listOf(lamps), WRITE);
    const row = within(await screen.findByRole("row", { name: /Lamps/ }));
    expect(row.getByText('text = "lamp"')).toBeTruthy();
    expect(row.getByRole("link", { name: "Lamps" }).getAttribute("href")).toMatch(/^#\/saved\/pc_1\?/);
  });

  test("take the filters of the bar, without its range of time, and are listed then", async () => {
    const answers = { ...listOf(), SaveFilter: {} };
    const asked = openPage("#/saved?range=7d&text=lamp&metadata=price&equals=5", answers, WRITE);
    await screen.findByText(/No filter is saved here yet/);
    fireEvent.input(screen.getByRole("textbox", { name: "Name" }), { target: { value: " Lamps " } });
    Object.assign(answers, listOf(lamps));
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    await screen.findByText(/Saved as “Lamps”/);
    await screen.findByRole("row", { name: /Lamps/ });
    expect(asked.map(({ operation }) => operation)).toEqual(["SavedFilters", "SaveFilter", "SavedFilters"]);
    expect(asked[1]?.variables).toEqual({
      input: { name: "Lamps", where: { text: { eq: "lamp" }, metadata: [{ path: "price", operator: "EQ", value: 5 }] } },
    });
  });

  test("aren't saved without any filter", async () => {
    openPage("#/saved?range=7d", listOf(), WRITE);
    await screen.findByText(/No filter is saved here yet/);
    expect(screen.getByText(/Choose some above/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
  });

  test("are only read with a key that may not write", async () => {
    openPage("#/saved?range=7d&text=lamp", listOf(lamps));
    const row = within(await screen.findByRole("row", { name: /Lamps/ }));
    expect(row.getByText("on")).toBeTruthy();
    expect(row.queryByRole("switch")).toBeNull();
    expect(row.queryByRole("button")).toBeNull();
    expect(screen.queryByRole("columnheader", { name: "Delete" })).toBeNull();
    expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
    expect(screen.getByText(/takes a key with the WRITE permission/)).toBeTruthy();
  });

  test("are switched off", async () => {
    const answers = { ...listOf(lamps), SwitchSavedFilter: {} };
    const asked = openPage("#/saved?range=7d", answers, WRITE);
    const control = await screen.findByRole("switch", { name: "Match with Lamps", checked: true });
    Object.assign(answers, listOf({ ...lamps, enabled: false }));
    fireEvent.click(control);
    await screen.findByRole("switch", { name: "Match with Lamps", checked: false });
    expect(asked[1]?.variables).toEqual({ input: { percolatorId: "pc_1", enabled: false } });
  });

  test("say why they couldn't be saved", async () => {
    const refusals = { SaveFilter: refusal("BAD_USER_INPUT", "A namespace may have at most 1000 percolators.") };
    const asked = openPage("#/saved?range=7d&text=lamp", listOf(), { ...WRITE, refusals });
    await screen.findByText(/No filter is saved here yet/);
    fireEvent.input(screen.getByRole("textbox", { name: "Name" }), { target: { value: "Lamps" } });
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    expect((await screen.findByRole("alert")).textContent).toContain("BAD_USER_INPUT A namespace may have at most 1000");
    expect(screen.queryByText(/Saved as/)).toBeNull();
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: "Name" }).value).toBe("Lamps");
    expect(asked).toHaveLength(2);
  });

  test("are offered beside the filters in force, in other views", async () => {
    openPage("#/experiments?range=7d&text=lamp", {}, { refusals: { Experiments: refusal("QUERY_TOO_BROAD", "Too much.") } });
    const link = await screen.findByRole("link", { name: "Save these filters" });
    expect(link.getAttribute("href")).toMatch(/^#\/saved\?.*text=lamp/);
  });
});

describe("matches that arrive", () => {
  const match = (interactionId: string, second: number) =>
    ({ matchedAt: `2026-03-01T12:00:0${second}.000Z`, interaction: { interactionId } }) as Match;
  const [first, second, third] = [match("first", 1), match("second", 2), match("third", 3)];

  test("are newer than the listed ones", () => {
    expect(newerOf([third, second], [first])).toEqual([third, second]);
    expect(newerOf([first], [])).toEqual([first]);
  });

  test("aren't shown twice, nor what is on a later page by now", () => {
    expect(newerOf([third, second, first], [second])).toEqual([third]);
    expect(newerOf([first], [third, second])).toEqual([]);
  });
});
