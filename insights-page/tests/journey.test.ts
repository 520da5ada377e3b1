import { describe, expect, test } from "vitest";

import { type Action, endOf, journeyOf, runsOf, type Search, startOf } from "../src/views/sessions/journey";

const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 12, 0, second)).toISOString();

const search = (name: string, second: number): Search => ({
  searchRequestId: name, text: name, firstSeenAt: at(second), resultCount: 3, collections: [], userId: null, filters: null, queries: [],
  outcome: { clicked: false, converted: false, noResults: false, abandoned: false, reformulated: false, next: null },
});
const action = (name: string, second: number, of: string | null, type: Action["interactionType"] = "CLICK"): Action => ({
  interactionId: name, interactionType: type, interactionTypes: [type], featureId: "item", position: 0, occurredAt: at(second),
  durationMs: null, userId: null, searchRequest: of === null ? null : { searchRequestId: of, text: of },
});
const page = <Node>(nodes: readonly Node[], hasNextPage = false, name = "c") => ({
  edges: nodes.map((node, index) => ({ cursor: `${name}${index}`, node })),
  pageInfo: { hasNextPage },
});
const told = (journey: ReturnType<typeof journeyOf>) =>
  journey.stretches.map(({ search: began, of, isReturn, actions }) => [
    began ? `search ${began.text}` : `${isReturn ? "back to" : "with"} ${of?.text ?? "none"}`,
    ...actions.map(({ interactionId }) => interactionId),
  ]);
const BEGIN = startOf(null);

describe("a journey", () => {
  test("has each search with what was done with its results, a search ahead of what is of the same time", () => {
    const journey = journeyOf(
      page([search("lamp", 0), search("desk lamp", 20)]),
      page([action("a", 0, "lamp"), action("b", 5, "lamp"), action("c", 21, "desk lamp")]),
      BEGIN,
    );
    expect(told(journey)).toEqual([
      ["search lamp", "a", "b"],
      ["search desk lamp", "c"],
    ]);
    expect(journey.pageInfo.hasNextPage).toBe(false);
    expect(journey.stretches.map(endOf)).toEqual([at(5), at(21)]);
  });

  test("tells what was done with earlier results, with an earlier page's, and without a search", () => {
    const journey = journeyOf(
      page([search("lamp", 10), search("desk", 20)]),
      page([action("a", 1, "before"), action("b", 25, "lamp"), action("c", 30, null)]),
      BEGIN,
    );
    expect(told(journey)).toEqual([["with before", "a"], ["search lamp"], ["search desk"], ["back to lamp", "b"], ["with none", "c"]]);
  });

  test("goes as far as both its pages do, and on from there without a gap or a repetition", () => {
    const searches = Array.from({ length: 9 }, (_, index) => search(`s${index}`, index * 10));
    const actions = Array.from({ length: 17 }, (_, index) => action(`a${index}`, index * 5 + 1, `s${Math.floor(index / 2)}`));
    const cut = <Node>(nodes: readonly Node[], name: string, after: string | null, size: number) => {
      const from = after === null ? 0 : Number(after.slice(1)) + 1;
      const edges = nodes.map((node, index) => ({ cursor: `${name}${index}`, node })).slice(from, from + size);
      return { edges, pageInfo: { hasNextPage: from + size < nodes.length } };
    };
    const shown: string[] = [];
    let after: string | null = null;
    for (let pages = 0; pages < 20; pages += 1) {
      const start = startOf(after);
      const journey = journeyOf(cut(searches, "s", start.searches, 4), cut(actions, "a", start.interactions, 3), start);
      shown.push(...told(journey).flatMap(([head, ...names]) => [...(head?.startsWith("search") ? [head] : []), ...names]));
      if (!journey.pageInfo.hasNextPage) break;
      after = journey.pageInfo.endCursor;
    }
    expect(shown.filter((name) => name.startsWith("search"))).toEqual(searches.map(({ text }) => `search ${text}`));
    expect(shown.filter((name) => name.startsWith("a"))).toEqual(actions.map(({ interactionId }) => interactionId));
  });
});

test("views one after the other are one run, anything else stands by itself", () => {
  const actions = [action("1", 1, "s", "VIEW"), action("2", 2, "s", "VIEW"), action("3", 3, "s"), action("4", 4, "s"), action("5", 5, "s", "VIEW")];
  expect(runsOf(actions).map((run) => run.map(({ interactionId }) => interactionId))).toEqual([["1", "2"], ["3"], ["4"], ["5"]]);
});
