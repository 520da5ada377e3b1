import { fireEvent, screen, waitFor, within } from "@testing-library/preact";
import { describe, expect, test } from "vitest";

import { edgesIn } from "../src/views/positions/edges";
import { openPage } from "./opened_page";

const period = (stats: Record<string, number | null>) => ({
  totals: stats,
  nodes: [{ series: [{ from: "2026-03-01T00:00:00.000Z", to: "2026-03-02T00:00:00.000Z", stats }] }],
});

const now = period({ averageClickPosition: 1.34, clicksPerView: 0.164, clicks: 383, views: 2340 });
const POSITIONS = {
  now,
  byPosition: { totals: { positions: [{ from: 0, to: 1, views: 1377, clicks: 374 }, { from: 1, to: null, views: 0, clicks: 0 }] } },
  before: period({ averageClickPosition: 1.2, clicksPerView: 0.16, clicks: 383, views: 1170 }),
  searches: period({ meanReciprocalRank: 0.48 }),
  searchesBefore: period({ meanReciprocalRank: null }),
};

const tile = (name: string) => screen.getByText(name, { selector: ".name" }).parentElement?.textContent;

describe("positions", () => {
  test("have views, clicks and their rate, and how far down people click, in one request", async () => {
    const asked = openPage("#/positions?range=7d&zone=UTC", { Positions: POSITIONS });
    const table = await screen.findByRole("table", { name: "By position" });
    expect(within(table).getAllByRole("row").slice(1).map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([
      ["0", "1,377", "374", "27.2%"],
      ["1+", "0", "0", "–"],
    ]);
    expect(tile("Mean click position")).toBe("Mean click position1.34▲ +0.14");
    expect(tile("Mean reciprocal rank")).toBe("Mean reciprocal rank0.48nothing before");
    expect(tile("Views")).toBe("Views2.3K▲ +100%");
    expect(asked).toHaveLength(1);
    expect(asked[0]?.variables).toMatchObject({ edges: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20], timeZone: "UTC" });
    expect(screen.queryByText(/isn’t narrowed by metadata/)).toBeNull();
  });

  test("are told apart as finely as is chosen, in the address", async () => {
    const asked = openPage("#/positions?range=7d&zone=UTC", { Positions: POSITIONS });
    location.hash = (await screen.findByRole("link", { name: "Coarse" })).getAttribute("href") ?? "";
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.variables).toMatchObject({ edges: [0, 1, 3, 10, 20] });
    const field = screen.getByLabelText("Buckets begin at");
    fireEvent.input(field, { target: { value: "0, 4" } });
    fireEvent.change(field);
    await waitFor(() => expect(asked).toHaveLength(3));
    expect(asked[2]?.variables).toMatchObject({ edges: [0, 4] });
    expect(new URLSearchParams(location.hash.split("?")[1]).get("edges")).toBe("0,4");
  });

  test("aren't asked for with what makes no sense, and say what does", async () => {
    const asked = openPage("#/positions?range=7d&zone=UTC&edges=5,3", { Positions: POSITIONS });
    const field = (await screen.findByLabelText("Buckets begin at")) as HTMLInputElement;
    expect(asked[0]?.variables).toMatchObject({ edges: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20] });
    fireEvent.input(field, { target: { value: "0, x" } });
    fireEvent.change(field);
    expect(field.validationMessage).toContain("in ascending order");
    expect(asked).toHaveLength(1);
  });

  test("say which of their numbers metadata don't narrow", async () => {
    openPage("#/positions?range=7d&zone=UTC&metadata=device.os&equals=ios", { Positions: POSITIONS });
    expect(await screen.findByText(/The mean reciprocal rank isn’t narrowed by metadata/)).toBeTruthy();
  });
});

test("edges are whole numbers from 0, ascending", () => {
  expect(edgesIn("0, 1,30")).toEqual([0, 1, 30]);
  expect(edgesIn("7")).toEqual([7]);
  for (const text of [undefined, "", "a", "-1,2", "1,1", "3,2", "1,,2", "1.5"]) expect(edgesIn(text)).toBeNull();
});
