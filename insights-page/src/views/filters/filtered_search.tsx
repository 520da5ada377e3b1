// A search request with its filter trees: its own, and those of its queries.
import { usePlace } from "../../address/place_context";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { count, moment, word } from "../../numbers/format";
import { FilterTreeNodes } from "../../parts/filter_nodes";
import { FilterTree } from "../../parts/filter_tree";

export const FilteredSearch = graphql(
  `
    fragment FilteredSearch on SearchRequest @_unmask {
      searchRequestId
      text
      firstSeenAt
      resultCount
      session { sessionId }
      filters { ...FilterTreeNodes }
      queries { vectorIndex filters { ...FilterTreeNodes } }
    }
  `,
  [FilterTreeNodes],
);

export type Search = ResultOf<typeof FilteredSearch>;

export interface NamedTree {
  name: string;
  filters: NonNullable<Search["filters"]>;
}

/** All filter trees of a search request, its own first. */
export function treesOf({ filters, queries }: Search): NamedTree[] {
  const ofQueries = queries.map(({ vectorIndex, filters: own }, index) => ({
    name: `of query ${index + 1} (${word(vectorIndex)}) alone`,
    filters: own,
  }));
  return [{ name: "of all results", filters }, ...ofQueries].filter((tree): tree is NamedTree => tree.filters !== null);
}

interface FilterTreesProps {
  search: Search;
  /** What heads each tree, where there are several. */
  heading: "h2" | "h3";
  /** The key whose conditions are marked. */
  marked?: string | null;
}

export function FilterTrees({ search, heading: Heading, marked = null }: FilterTreesProps) {
  const trees = treesOf(search);
  if (trees.length === 0) return <p class="note">This search had no filters.</p>;
  return (
    <>
      {trees.map(({ name, filters }) => (
        <section key={name}>
          {trees.length > 1 && <Heading>Filters {name}</Heading>}
          <FilterTree label={`Filter tree of ${search.searchRequestId}, ${name}`} filters={filters} marked={marked} />
          <details class="spelled">
            <summary>As text</summary>
            <code>{filters.text}</code>
          </details>
        </section>
      ))}
    </>
  );
}

/** What was searched for, when, and with how many results, in a line. */
export function SearchLine({ search: { text, firstSeenAt, resultCount } }: { search: Search }) {
  const { zone } = usePlace().place.scope;
  return (
    <span class="search-line">
      <strong>{text === "" ? "everything" : text}</strong>
      <span>{resultCount === null ? "results not recorded" : `${count(resultCount)} ${resultCount === 1 ? "result" : "results"}`}</span>
      <time dateTime={firstSeenAt}>{moment(firstSeenAt, zone)}</time>
    </span>
  );
}
