// What leads in each respect: the beginning of what other views list whole.
import { usePlace } from "../address/place_context";
import { graphql, type ResultOf } from "../gateway/graphql";
import { count, rate } from "../numbers/format";
import { Leading, type LeadingItem } from "../parts/leading";

export const LeadingQueries = graphql(`
  fragment LeadingQueries on SearchStatsConnection @_unmask {
    nodes { key { query } stats { searches noResultsRate } }
  }
`);

export const LeadingItems = graphql(`
  fragment LeadingItems on InteractionStatsConnection @_unmask {
    nodes { key { feature { featureId } } stats { clicks } }
  }
`);

interface OverviewLeadingProps {
  mostSearched: ResultOf<typeof LeadingQueries>;
  withoutResults: ResultOf<typeof LeadingQueries>;
  mostClicked: ResultOf<typeof LeadingItems>;
}

export function OverviewLeading({ mostSearched, withoutResults, mostClicked }: OverviewLeadingProps) {
  const { hrefOf } = usePlace();
  const queries = ({ nodes }: ResultOf<typeof LeadingQueries>, valueOf: (stats: (typeof nodes)[number]["stats"]) => string) =>
    nodes.flatMap<LeadingItem>(({ key: { query }, stats }) =>
      query ? [{ name: query, href: hrefOf({ view: "queries", item: query }), value: valueOf(stats) }] : [],
    );
  const items = mostClicked.nodes.flatMap<LeadingItem>(({ key: { feature }, stats }) =>
    feature ? [{ name: feature.featureId, href: hrefOf({ view: "items", item: feature.featureId }), value: count(stats.clicks) }] : [],
  );
  const missing = withoutResults.nodes.filter(({ stats }) => (stats.noResultsRate ?? 0) > 0);
  return (
    <div class="leading">
      <Leading
        title="Most searched"
        of="SearchStats.searches"
        items={queries(mostSearched, ({ searches }) => count(searches))}
        all={hrefOf({ view: "queries" })}
        none="Nothing was searched for."
      />
      <Leading
        title="Without results"
        of="SearchStats.noResultsRate"
        items={queries({ nodes: missing }, ({ searches, noResultsRate }) => `${rate(noResultsRate)} of ${count(searches)}`)}
        all={hrefOf({ view: "queries", parameters: { sort: "-NO_RESULTS_RATE", min: "5" } })}
        none="All that was searched for at least twice found something."
      />
      <Leading
        title="Most clicked"
        of="InteractionStats.clicks"
        items={items}
        all={hrefOf({ view: "items" })}
        none="Nothing was clicked."
      />
    </div>
  );
}
