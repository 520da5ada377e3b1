// One key of filters: how it is used, what its searches led to against all, and the latest trees that hold it.
import { usePlace } from "../../address/place_context";
import { searchesOf, typedOf } from "../../address/scope";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { count } from "../../numbers/format";
import { AllSearchMeasures, comparison, formatOf } from "../../numbers/search_measures";
import { BRANCH_WORDS, symbolOf, wordsOf } from "../../parts/filter_nodes";
import { FilterValue } from "../../parts/filter_tree";
import { Measure, Measures } from "../../parts/measure";
import { searchColumns } from "../../parts/number_columns";
import { type Column, Table } from "../../parts/table";
import { View } from "../../parts/view";
import { outcomeMeasures, ValueOutcome } from "./filter_outcome";
import { FilteredSearch } from "./filtered_search";
import { LatestTrees } from "./latest_trees";
import { Shares } from "./shares";

// No argument of `filterUsage` names a key: each of the searches asked for has it, so that it is among the keys that most of
// them have, and only more than 99 that stand in all of them as well could hide it.
const FilterKeyDocument = graphql(
  `
    query FilterKey($searches: SearchRequestWhere!, $withKey: SearchRequestWhere!, $values: Int!, $after: String) {
      all: searchStats(where: $searches) { totals { ...AllSearchMeasures } }
      usage: filterUsage(where: $withKey, first: 100) {
        nodes {
          key
          searches
          stats { ...AllSearchMeasures }
          operators { operator searches }
          values(first: $values) { value searches stats { ...ValueOutcome } }
          branches { branch searches }
          depths { depth searches }
        }
      }
      latest: searchRequests(where: $withKey, first: 10, after: $after) {
        nodes { ...FilteredSearch }
        pageInfo { hasNextPage endCursor }
      }
    }
  `,
  [AllSearchMeasures, FilteredSearch, ValueOutcome],
);

type FilterKey = ResultOf<typeof FilterKeyDocument>;
type KeyUsage = FilterKey["usage"]["nodes"][number];
type UsedValue = KeyUsage["values"][number];

/** So many values are shown at first, and keys that stand beside this one; and so many values where more are wished for. */
const FEW = 10;
const MANY = 50;

export default function FilterKeyView({ filterKey }: { filterKey: string }) {
  const { place, now, hrefOf } = usePlace();
  const searches = searchesOf(place.scope, now);
  const columns = valueColumns(filterKey);
  const usageOf = ({ usage }: FilterKey) => usage.nodes.find(({ key }) => key === filterKey);
  return (
    <View
      title={`Filters by ${filterKey}`}
      summary={
        <>
          <a href={hrefOf({ view: "filters" })}>All filter keys</a> · How searches are filtered by this key, and what they lead to.
        </>
      }
      document={FilterKeyDocument}
      variables={{
        searches,
        withKey: { and: [searches, { filters: { key: filterKey } }] },
        values: place.parameters["values"] === "more" ? MANY : FEW,
        after: place.parameters["after"] ?? null,
      }}
      download={{ columns, rows: (data) => usageOf(data)?.values ?? [] }}
      isEmpty={({ usage, latest }) => usage.nodes.length === 0 && latest.nodes.length === 0}
      empty={`None of these searches was filtered by “${filterKey}”. Choose a longer range or fewer filters above.`}
      unheeded={["metadata"]}
    >
      {(data) => {
        const usage = usageOf(data);
        return (
          <>
            {usage ? (
              <Usage usage={usage} all={data.all.totals} others={data.usage.nodes.filter(({ key }) => key !== filterKey)} />
            ) : (
              <p class="empty">Its numbers aren’t known yet, or stand behind those of a hundred keys that all these searches have as well.</p>
            )}
            <LatestTrees searches={data.latest.nodes} filterKey={filterKey} pageInfo={data.latest.pageInfo} />
          </>
        );
      }}
    </View>
  );
}

interface UsageProps {
  usage: KeyUsage;
  all: KeyUsage["stats"];
  others: readonly KeyUsage[];
}

function Usage({ usage, all, others }: UsageProps) {
  const { key, searches, stats, operators, branches, depths, values } = usage;
  const { place, hrefOf, go } = usePlace();
  const isLong = place.parameters["values"] === "more";
  return (
    <>
      <Measures>
        <Measure name="Searches" of="FilterUsage.searches" value={count(searches)}>
          <span class="change">of {count(all.searches)}</span>
        </Measure>
        {outcomeMeasures.map((measure) => (
          <Measure key={measure.field} name={measure.name} of={`SearchStats.${measure.field}`} {...comparison(measure, stats, all)}>
            <span class="change">all searches {formatOf(measure)(all[measure.field])}</span>
          </Measure>
        ))}
      </Measures>
      <h2>Where and how it stands</h2>
      <div class="shares-side-by-side">
        <Shares
          title="Operators"
          of="OperatorUsage.searches"
          whole={searches}
          parts={operators.map((part) => ({ name: symbolOf(part.operator), note: wordsOf(part.operator), searches: part.searches }))}
        />
        <Shares
          title="Branches"
          of="BranchUsage.searches"
          whole={searches}
          parts={branches.map((part) => ({
            name: part.branch ?? "no group",
            note: part.branch === null ? "the whole tree" : BRANCH_WORDS[part.branch],
            searches: part.searches,
          }))}
        />
        <Shares
          title="Depths"
          of="DepthUsage.searches"
          whole={searches}
          parts={[...depths]
            .sort((one, other) => one.depth - other.depth)
            .map((part) => ({ name: String(part.depth), note: part.depth === 1 ? "group around it" : "groups around it", searches: part.searches }))}
        />
      </div>
      <h2>Values</h2>
      <Table
        caption={`Values of ${key}`}
        columns={valueColumns(key)}
        rows={values}
        keyOf={({ value }) => typedOf(value)}
      />
      {(isLong || values.length === FEW) && (
        <p>
          <button type="button" onClick={() => go({ parameters: { values: isLong ? null : "more" } })}>
            Show up to {isLong ? FEW : MANY} values
          </button>
        </p>
      )}
      {others.length > 0 && (
        <>
          <h2>Other keys in the same searches</h2>
          <ul class="other-keys">
            {others.slice(0, FEW).map((other) => (
              <li key={other.key}>
                <a href={hrefOf({ item: other.key })}>{other.key}</a> <span class="number">{count(other.searches)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

const valueColumns = (key: string): Column<UsedValue>[] => [
  {
    name: "value",
    title: "Value",
    of: "ValueUsage.value",
    isText: true,
    value: ({ value }) => typedOf(value),
    show: ({ value }) => <FilterValue filterKey={key} value={value} />,
  },
  { name: "searches", title: "Searches", of: "ValueUsage.searches", value: ({ searches }) => searches, show: ({ searches }) => count(searches) },
  // The API orders values by how many searches have them.
  ...searchColumns(outcomeMeasures, { isOrdered: false }),
];
