"""The documents that the endpoints ask: fixed, prepared once, and trusted whatever else may be asked."""

from functools import cache

from graphql import GraphQLObjectType, GraphQLSchema

LIST = "rest:ListInteractions"
SKIP = "rest:SkipInteractions"
GET = "rest:GetInteraction"
CREATE = "rest:CreateInteraction"
DELETE = "rest:DeleteInteraction"
LIST_NAMESPACES = "rest:ListNamespaces"
GET_NAMESPACE = "rest:GetNamespace"
CREATE_NAMESPACE = "rest:CreateNamespace"
DELETE_NAMESPACE = "rest:DeleteNamespace"


@cache
def endpoint_documents(schema: GraphQLSchema) -> dict[str, str]:
    """The texts of the documents by their ids, in the type names of this graph."""
    query, mutation = schema.query_type, schema.mutation_type
    assert query is not None
    assert mutation is not None

    def argument(root: GraphQLObjectType, field: str, name: str) -> str:
        return str(root.fields[field].args[name].type)

    where = argument(query, "interactions", "where")
    recording = argument(mutation, "recordInteraction", "input")
    creation = argument(mutation, "createNamespace", "input")
    return {
        LIST: f"""query ListInteractions($first: Int!, $after: String, $where: {where}) {{
  interactions(first: $first, after: $after, where: $where) {{ nodes {{ json }} totalCount }}
}}""",
        SKIP: f"""query SkipInteractions($first: Int!, $after: String, $where: {where}) {{
  interactions(first: $first, after: $after, where: $where) {{ pageInfo {{ hasNextPage endCursor }} }}
}}""",
        GET: "query GetInteraction($id: ID!) { interaction(interactionId: $id) { json } }",
        CREATE: f"""mutation CreateInteraction($input: {recording}) {{
  recordInteraction(input: $input) {{ interaction {{ json }} }}
}}""",
        DELETE: "mutation DeleteInteraction($id: ID!) { deleteInteraction(input: {interactionId: $id}) { deletedId } }",
        LIST_NAMESPACES: "query ListNamespaces { viewer { namespaces { namespaceId name } } }",
        GET_NAMESPACE: "query GetNamespace { viewer { namespace { namespaceId name } } }",
        CREATE_NAMESPACE: f"""mutation CreateNamespace($input: {creation}) {{
  createNamespace(input: $input) {{ namespace {{ namespaceId name }} }}
}}""",
        DELETE_NAMESPACE: """mutation DeleteNamespace($id: ID!, $name: String!) {
  deleteNamespace(input: { namespaceId: $id, name: $name }) { job { jobId } }
}""",
    }
