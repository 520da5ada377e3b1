// What graphcache needs of the schema, as one module: fields, interfaces and unions, without descriptions and inputs.
import { readFileSync, writeFileSync } from "node:fs";

import { minifyIntrospectionQuery } from "@urql/introspection";
import { buildSchema, introspectionFromSchema } from "graphql";

const [schema, module] = process.argv.slice(2);
const introspection = minifyIntrospectionQuery(introspectionFromSchema(buildSchema(readFileSync(schema, "utf8"))));
writeFileSync(module, `export const introspection = ${JSON.stringify(introspection)} as const;\n`);
