import { fireEvent, render, screen, within } from "@testing-library/preact";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { placeOf } from "../src/address/place";
import { PlaceContext } from "../src/address/place_context";
import { GatewayContext } from "../src/gateway/gateway_context";
import SavedView from "../src/views/saved";
import { type Match, newerOf } from "../src/views/saved/percolator_matches";

interface Sent {
  query: string;
  variables: Record<string, unknown>;
}

/** Shows the list of saved filters at an address; gives what was sent, and how often a refresh was asked for. */
function show(fragment: string, permissions: readonly string[], nodes: readonly object[], refusal?: object) {
  const sent: Sent[] = [];
  const refresh = vi.fn();
  vi.stubGlobal("fetch", (_: URL, { body }: { body: string }) => {
    const request = JSON.parse(body) as Sent;
    sent.push(request);
    const isQuery = request.query.startsWith("query");
    const data = { percolators: { nodes, pageInfo: { hasNextPage: false, endCursor: null } } };
    return Promise.resolve(Response.json(isQuery ? { data } : refusal ? { errors: [refusal] } : { data: {} }));
  });
  render(
    <GatewayContext.Provider
      value={{ connection: { key: "sk_1", namespace: null }, permissions, refreshed: 0, refresh, refuse: vi.fn() }}
    >
      <PlaceContext.Provider value={{ place: placeOf(fragment), now: 0 }}>
        <SavedView />
      </PlaceContext.Provider>
    </GatewayContext.Provider>,
  );
  return { sent, refresh };
}

const lamps = {
  percolatorId: "pc_1",
  name: "Lamps",
  where: { text: { eq: "lamp" } },
  enabled: true,
  createdAt: "2026-03-01T12:00:00.000Z",
  matchCount: 2,
};

beforeEach(() => {
  document.body.innerHTML = '<script id="settings" type="application/json">{"graphiql": false}</script>';
});

describe("saved filters", () => {
  test("are listed with their filter as text, and a link to their matches", async () => {
    show("#/saved?range=7d", ["READ", "WRITE"], [lamps]);
    const row = within(await screen.findByRole("row", { name: /Lamps/ }));
    expect(row.getByText('text = "lamp"')).toBeTruthy();
    expect(row.getByRole("link", { name: "Lamps" }).getAttribute("href")).toMatch(/^#\/saved\/pc_1\?/);
  });

  test("take the filters of the bar, without its range of time", async () => {
    const { sent, refresh } = show("#/saved?range=7d&text=lamp&metadata=price&equals=5", ["READ", "WRITE"], []);
    fireEvent.input(await screen.findByRole("textbox", { name: "Name" }), { target: { value: " Cheap lamps " } });
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    await screen.findByText(/Saved as “Cheap lamps”/);
    expect(sent.at(-1)?.variables).toEqual({
      input: {
        name: "Cheap lamps",
        where: { text: { eq: "lamp" }, metadata: [{ path: "price", operator: "EQ", value: 5 }] },
      },
    });
    expect(refresh).toHaveBeenCalledOnce();
  });

  test("aren't saved without any filter", async () => {
    show("#/saved?range=7d", ["READ", "WRITE"], []);
    await screen.findByText(/No filter is saved here yet/);
    expect(screen.getByText(/Choose some above/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
  });

  test("are only read with a key that may not write", async () => {
    show("#/saved?range=7d&text=lamp", ["READ"], [lamps]);
    const row = within(await screen.findByRole("row", { name: /Lamps/ }));
    expect(row.getByText("on")).toBeTruthy();
    expect(row.queryByRole("switch")).toBeNull();
    expect(row.queryByRole("button")).toBeNull();
    expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
    expect(screen.getByText(/takes a key with the WRITE permission/)).toBeTruthy();
  });

  test("are switched off", async () => {
    const { sent, refresh } = show("#/saved?range=7d", ["READ", "WRITE"], [lamps]);
    const control = await screen.findByRole("switch", { name: "Match with Lamps", checked: true });
    fireEvent.click(control);
    await vi.waitFor(() => expect(refresh).toHaveBeenCalledOnce());
    expect(sent.at(-1)?.variables).toEqual({ input: { percolatorId: "pc_1", enabled: false } });
  });

  test("say why they couldn't be saved", async () => {
    const refusal = { message: "A namespace may have at most 1000 percolators.", extensions: { code: "BAD_USER_INPUT" } };
    const { refresh } = show("#/saved?range=7d&text=lamp", ["READ", "WRITE"], [], refusal);
    fireEvent.input(await screen.findByRole("textbox", { name: "Name" }), { target: { value: "Lamps" } });
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    expect((await screen.findByRole("alert")).textContent).toContain("BAD_USER_INPUT A namespace may have at most 1000");
    expect(screen.queryByText(/Saved as/)).toBeNull();
    expect(refresh).not.toHaveBeenCalled();
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
