// The latest searches that were filtered by a key: each opens to its filter trees.
import { useState } from "preact/hooks";

import { usePlace } from "../../address/place_context";
import { Pages } from "../../parts/table";
import { FilterTrees, type Search, SearchLine, treesOf } from "./filtered_search";

interface LatestTreesProps {
  searches: readonly (Search | null)[];
  filterKey: string;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export function LatestTrees({ searches, filterKey, pageInfo }: LatestTreesProps) {
  const readable = searches.filter((search) => search !== null);
  return (
    <section aria-labelledby="latest">
      <h2 id="latest">Latest filter trees with it</h2>
      <ul class="latest-trees">
        {readable.map((search, place) => (
          <LatestTree key={search.searchRequestId} search={search} filterKey={filterKey} isFirst={place === 0} />
        ))}
      </ul>
      <Pages {...pageInfo} />
    </section>
  );
}

function LatestTree({ search, filterKey, isFirst }: { search: Search; filterKey: string; isFirst: boolean }) {
  const { hrefOf } = usePlace();
  // What is folded isn't drawn: ten trees of 500 nodes would keep the page busy.
  const [isOpen, setOpen] = useState(isFirst);
  return (
    <li>
      <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <SearchLine search={search} />
          {!isOpen && <code>{treesOf(search).map(({ filters }) => filters.text).join(" · ")}</code>}
        </summary>
        {isOpen && (
          <>
            <FilterTrees search={search} heading="h3" marked={filterKey} />
            <p class="links">
              <a href={hrefOf({ view: "filters", parameters: { request: search.searchRequestId } })}>This tree alone</a>
              {search.session && <a href={hrefOf({ view: "sessions", item: search.session.sessionId })}>Its session</a>}
            </p>
          </>
        )}
      </details>
    </li>
  );
}
