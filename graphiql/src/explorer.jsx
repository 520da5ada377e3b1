import { explorerPlugin } from "@graphiql/plugin-explorer";
import { useGraphiQL } from "@graphiql/react";
import { buildClientSchema, introspectionFromSchema } from "graphql";
import { useMemo } from "react";

/**
 * The schema without the fields that only a federation's router asks for, such as `_entities`: the explorer lists fields
 * by name, so that it would begin with them.
 */
function withoutFederation(schema) {
  const { __schema: introspection } = introspectionFromSchema(schema);
  const types = introspection.types.map((type) =>
    type.name === introspection.queryType.name
      ? { ...type, fields: type.fields.filter(({ name }) => !name.startsWith("_")) }
      : type,
  );
  return buildClientSchema({ __schema: { ...introspection, types } });
}

function Explorer() {
  const schema = useGraphiQL(({ schema }) => schema);
  const { content: Content } = useMemo(
    () => explorerPlugin({ schema: schema && withoutFederation(schema) }),
    [schema],
  );
  return <Content />;
}

export const EXPLORER_PLUGIN = { ...explorerPlugin(), content: Explorer };
