import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../schema.graphql",
  documents: "src/*.ts",
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        scalars: { DateTime: "string", JSON: "unknown", _Any: "unknown" },
        strictScalars: true,
        enumType: "const",
        useTypeImports: true,
      },
    },
  },
  importExtension: ".js",
};

export default config;
