import { expect, test } from "vitest";

import { csvOf } from "../src/parts/csv";

test("a table as CSV: quoted where it must be, empty for nothing, no formulas", () => {
  const columns = [
    { name: "query", title: "Query", value: (row: [string, number | null]) => row[0] },
    { name: "rate", title: "Rate", value: (row: [string, number | null]) => row[1] },
  ];
  const text = csvOf(columns, [
    ['shoes, "red"', 0.5],
    ["=1+1", null],
    ["two\nlines", -1],
  ]);
  expect(text).toBe('query,rate\r\n"shoes, ""red""",0.5\r\n\'=1+1,\r\n"two\nlines",-1\r\n');
});
