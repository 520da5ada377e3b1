import { fireEvent, screen, waitFor, within } from "@testing-library/preact";
import { describe, expect, test } from "vitest";

import { openPage, refusal } from "./opened_page";

const stats = { users: 9, sessions: 10, views: 100, clicks: 20, clicksPerView: 0.2, coec: 1.5, negativeRate: 0, revenue: [] };

const groups = (searchesOf: Readonly<Record<string, number>>) => ({
  totalCount: Object.keys(searchesOf).length,
  nodes: Object.entries(searchesOf).map(([value, searches]) => ({
    key: { metadata: [{ value: value === "null" ? null : value }] },
    stats: { ...stats, searches },
  })),
  pageInfo: { hasNextPage: false },
});

const SHOP = {
  arms: groups({ control: 80, new: 70, same: 80 }),
  clicked: groups({ control: 48, new: 56, same: 50 }),
  converted: groups({ new: 7 }),
};

const rowsOf = async (caption: string) => {
  const table = within(await screen.findByRole("table", { name: caption }));
  return table.getAllByRole("row").map((row) => within(row).queryAllByRole(/rowheader|cell/).map(({ textContent }) => textContent));
};

describe("experiments", () => {
  test("say of each arm what share of its searches was clicked, and whether it differs", async () => {
    openPage("#/experiments?range=7d&zone=UTC", { Experiments: SHOP });
    const [, ...arms] = await rowsOf("Searches with a click");
    expect(arms).toEqual([
      ["control", "80", "48", "60.0%", "49.0% to 70.0%", "–", "–", "reference"],
      ["new", "70", "56", "80.0%", "69.2% to 87.7%", "+20.0 pp", "+5.2 to +33.4 pp", "higher"],
      ["same", "80", "50", "62.5%", "51.5% to 72.3%", "+2.5 pp", "-12.4 to +17.2 pp", "no difference can be told"],
    ]);
    const [, control] = await rowsOf("Searches with a conversion");
    expect(control?.slice(0, 5)).toEqual(["control", "80", "0", "0.0%", "0.0% to 4.6%"]);
  });

  test("are asked by one request: all, clicked and converted searches by the same path", async () => {
    const asked = openPage("#/experiments?range=7d&zone=UTC&path=device.os&text=lamp", { Experiments: SHOP });
    await screen.findByRole("table", { name: "Arms by device.os" });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.variables).toMatchObject({
      groupBy: [{ metadata: "device.os" }],
      where: { text: { eq: "lamp" } },
      clicked: { text: { eq: "lamp" }, interactionType: { eq: "CLICK" } },
      converted: { text: { eq: "lamp" }, interactionType: { in: ["PURCHASE", "ADD_TO_CART", "CONVERSION"] } },
    });
  });

  test("are compared with the arm that the address names", async () => {
    openPage("#/experiments?range=7d&zone=UTC&reference=new", { Experiments: SHOP });
    const [, control] = await rowsOf("Searches with a click");
    expect(control?.slice(-3)).toEqual(["-20.0 pp", "-33.4 to -5.2 pp", "lower"]);
    expect(screen.getByRole<HTMLSelectElement>("combobox", { name: "Compare with" }).value).toBe("new");
  });

  test("take another path, also where this one has nothing", async () => {
    const nothing = { arms: groups({ null: 80 }), clicked: groups({}), converted: groups({}) };
    const asked = openPage("#/experiments?range=7d&zone=UTC&path=nothing", { Experiments: nothing });
    await screen.findByText(/No interaction here has a value/);
    fireEvent.input(screen.getByRole("textbox", { name: "Arms by the metadata path" }), { target: { value: "country" } });
    fireEvent.click(screen.getByRole("button", { name: "Show" }));
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.variables).toMatchObject({ groupBy: [{ metadata: "country" }] });
  });

  test("take another path where this one is refused", async () => {
    const refusals = { Experiments: refusal("BAD_USER_INPUT", "A path is keys joined by dots.") };
    openPage("#/experiments?range=7d&zone=UTC&path=a..b", {}, { refusals });
    expect((await screen.findByRole("alert")).textContent).toContain("A path is keys joined by dots.");
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: "Arms by the metadata path" }).value).toBe("a..b");
  });
});
