// The filter trees of one search request, chosen by its id.
import { usePlace } from "../../address/place_context";
import { graphql } from "../../gateway/graphql";
import type { FlatNode } from "../../parts/filter_nodes";
import type { Column } from "../../parts/table";
import { View } from "../../parts/view";
import { FilteredSearch, FilterTrees, type Search, SearchLine, treesOf } from "./filtered_search";

const RequestFiltersDocument = graphql(
  `
    query RequestFilters($searchRequestId: ID!) {
      searchRequest(searchRequestId: $searchRequestId) { ...FilteredSearch }
    }
  `,
  [FilteredSearch],
);

interface TreeRow {
  tree: string;
  node: FlatNode;
}

export default function RequestFiltersView({ searchRequestId }: { searchRequestId: string }) {
  const { hrefOf } = usePlace();
  return (
    <View
      title="Filters of a search"
      summary={
        <>
          <a href={hrefOf({ view: "filters" })}>All filter keys</a> · As recorded with search request <code>{searchRequestId}</code>, whatever
          the range of time.
        </>
      }
      document={RequestFiltersDocument}
      variables={{ searchRequestId }}
      download={{ columns, rows: ({ searchRequest }) => (searchRequest ? rowsOf(searchRequest) : []) }}
      isEmpty={() => false}
      unheeded={["text", "collection", "condition", "user", "metadata"]}
    >
      {({ searchRequest }) =>
        searchRequest === null ? (
          <p class="empty">This namespace has no search request with this id. Is it the right namespace?</p>
        ) : (
          <>
            <p class="chosen-search">
              <SearchLine search={searchRequest} />
              {searchRequest.session && (
                <a href={hrefOf({ view: "sessions", item: searchRequest.session.sessionId })}>Its session</a>
              )}
            </p>
            <FilterTrees search={searchRequest} heading="h2" />
          </>
        )
      }
    </View>
  );
}

const rowsOf = (search: Search): TreeRow[] =>
  treesOf(search).flatMap(({ name, filters }) => filters.flat.map((node) => ({ tree: name, node })));

const columns: readonly Column<TreeRow>[] = [
  { name: "tree", title: "Tree", value: ({ tree }) => tree },
  { name: "index", title: "Index", value: ({ node }) => node.index },
  { name: "parentIndex", title: "Parent", value: ({ node }) => node.parentIndex },
  { name: "depth", title: "Depth", value: ({ node }) => node.depth },
  { name: "branch", title: "Branch", value: ({ node }) => node.branch },
  { name: "key", title: "Key", value: ({ node }) => node.key },
  { name: "operator", title: "Operator", value: ({ node }) => node.operator },
  { name: "value", title: "Value", value: ({ node }) => (node.operator === null ? null : JSON.stringify(node.value)) },
  { name: "caseSensitive", title: "Case-sensitive", value: ({ node }) => node.caseSensitive },
];
