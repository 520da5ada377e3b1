// What the schema says of each number, for the pages to show: read when they are built, so that nothing is said twice.
import { readFile } from "node:fs/promises";

import { buildSchema, isObjectType } from "graphql";
import type { Plugin } from "vite";

const MODULE = "virtual:definitions";
const TYPES = [
  "SearchStats",
  "InteractionStats",
  "FeatureSignals",
  "SearchOutcome",
  "SearchRequest",
  "PositionBucket",
  "Percolator",
  "PercolatorMatch",
  "Session",
  "FilterUsage",
  "OperatorUsage",
  "ValueUsage",
  "BranchUsage",
  "DepthUsage",
];

/** The module `virtual:definitions`: descriptions of the fields of some types, by `Type.field`. */
export function definitions(schemaPath: string): Plugin {
  return {
    name: "definitions",
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    async load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      this.addWatchFile(schemaPath);
      const schema = buildSchema(await readFile(new URL(schemaPath, import.meta.url), "utf8"));
      const described: Record<string, string> = {};
      for (const name of TYPES) {
        const type = schema.getType(name);
        if (!isObjectType(type)) throw new Error(`The schema has no type ${name}`);
        for (const field of Object.values(type.getFields())) {
          described[`${name}.${field.name}`] = (field.description ?? "").replace(/\s+/g, " ").trim();
        }
      }
      return `export const definitions = ${JSON.stringify(described)};`;
    },
  };
}
