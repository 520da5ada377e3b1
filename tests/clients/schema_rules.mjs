// What graphql-eslint's rules for connections and descriptions say of schemas: node schema_rules.mjs FILE …
import { basename, dirname, resolve } from 'node:path';

import graphql from '@graphql-eslint/eslint-plugin';
import { ESLint } from 'eslint';

const rules = {
  'relay-arguments': [{ includeBoth: true }],
  'relay-connection-types': [],
  // A list may hold scalars and embedded objects as well: Relay's specification doesn't forbid it.
  'relay-edge-types': [{ withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false }],
  'relay-page-info': [],
  'require-description': [{ types: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true }],
  'no-unreachable-types': [],
};

async function broken(schema) {
  const linter = new ESLint({
    cwd: dirname(schema),
    overrideConfigFile: true,
    overrideConfig: {
      files: ['*.graphql'],
      plugins: { '@graphql-eslint': graphql },
      languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
      rules: Object.fromEntries(
        Object.entries(rules).map(([name, options]) => [`@graphql-eslint/${name}`, ['error', ...options]]),
      ),
    },
  });
  const [{ messages }] = await linter.lintFiles(basename(schema));
  return messages.map(({ line, ruleId, message }) => `${line}: ${message} (${ruleId})`);
}

const found = [];
for (const file of process.argv.slice(2)) found.push(await broken(resolve(file)));
console.log(JSON.stringify(found));
