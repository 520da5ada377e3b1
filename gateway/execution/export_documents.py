"""The documents that exports ask page by page: fixed, prepared once, and trusted whatever else may be asked."""

from functools import cache

from graphql import GraphQLSchema

SEARCHES = "export:SearchRequests"
INTERACTIONS = "export:Interactions"
WITH_SEARCHES = "export:InteractionsWithSearchRequests"
JUDGMENTS = "export:Judgments"
RECORDED = "export:RecordedInteractions"


@cache
def export_documents(schema: GraphQLSchema) -> dict[str, str]:
    """The texts of the documents by their ids, in the type names of this graph."""
    query = schema.query_type
    assert query is not None

    def argument(field: str, name: str) -> str:
        return str(query.fields[field].args[name].type)

    where, searches = argument("interactions", "where"), argument("searchRequests", "where")
    model = argument("judgments", "model")
    page = "pageInfo { hasNextPage endCursor }"

    def interactions(name: str, selected: str) -> str:
        # The oldest first: what comes meanwhile stands behind, and where none does the export has its end.
        return f"""query {name}($first: Int!, $after: String, $where: {where}) {{
  interactions(first: $first, after: $after, where: $where, orderBy: {{field: OCCURRED_AT, direction: ASC}}) {{
    nodes {{ {selected} }} {page}
  }}
}}"""

    return {
        SEARCHES: f"""query ExportSearchRequests($first: Int!, $after: String, $where: {searches}) {{
  searchRequests(first: $first, after: $after, where: $where, orderBy: {{field: FIRST_SEEN_AT, direction: ASC}}) {{
    nodes {{ exported }} {page}
  }}
}}""",
        INTERACTIONS: interactions("ExportInteractions", "exported"),
        WITH_SEARCHES: interactions("ExportInteractionsWithSearchRequests", "exported searchRequest { exported }"),
        JUDGMENTS: f"""query ExportJudgments($first: Int!, $after: String, $where: {where}, $model: {model},
                       $maxRank: Int!, $minViews: Int!) {{
  judgments(first: $first, after: $after, where: $where, model: $model, maxRank: $maxRank, minViews: $minViews) {{
    nodes {{ query feature {{ featureId }} rating grade views clicks }} {page}
  }}
}}""",
        RECORDED: f"""subscription ExportRecordedInteractions($where: {where}) {{
  interactionRecorded(where: $where) {{ exported searchRequest {{ exported }} }}
}}""",
    }
