import { screen } from "@testing-library/preact";
import { expect, test } from "vitest";

import { openPage, refusal } from "./opened_page";

const TOO_BROAD = refusal("QUERY_TOO_BROAD", "The query took longer than 3,000 ms.");

test("a range that takes too long is told, with shorter ones and another try", async () => {
  openPage("#/queries?range=30d&text=lamp", {}, { refusals: { Queries: TOO_BROAD } });
  expect((await screen.findByRole("alert")).textContent).toContain("QUERY_TOO_BROAD");
  const shorter = ["24h", "7d"].map((range) => screen.getByRole("link", { name: range }).getAttribute("href") ?? "");
  expect(shorter.map((href) => new URLSearchParams(href.split("?")[1]).get("range"))).toEqual(["24h", "7d"]);
  expect(shorter.every((href) => href.includes("text=lamp"))).toBe(true);
  expect(screen.queryByRole("link", { name: "30d" })).toBeNull();
  expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
});
