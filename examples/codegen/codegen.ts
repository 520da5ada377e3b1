import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../schema.graphql",
  documents: "src/*.ts",
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: {
        fragmentMasking: false,
        // Writes src/gql/persisted-documents.json: all operations with their hashes, for GATEWAY_TRUSTED_DOCUMENTS.
        persistedDocuments: true,
      },
      config: {
        documentMode: "string",
        scalars: { DateTime: "string", JSON: "unknown", _Any: "unknown", ID: "string" },
        strictScalars: true,
        enumType: "const",
        useTypeImports: true,
      },
    },
  },
  importExtension: ".js",
};

export default config;
