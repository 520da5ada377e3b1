// All saved filters of the namespace, which interactions are matched with as they are recorded.
import { usePlace } from "../../address/place_context";
import { filterText } from "../../gateway/filter_text";
import { graphql } from "../../gateway/graphql";
import { count, moment } from "../../numbers/format";
import { type Column, Table } from "../../parts/table";
import { View } from "../../parts/view";
import { DeleteButton, EnabledSwitch, type Percolator, PercolatorFields, SaveFilter, useMayWrite } from "./filter_changes";

const SavedFiltersDocument = graphql(
  `
    query SavedFilters($first: Int!, $after: String) {
      percolators(first: $first, after: $after) {
        nodes { ...PercolatorFields }
        pageInfo { hasNextPage endCursor }
      }
    }
  `,
  [PercolatorFields],
);

export function FilterList() {
  const { place, hrefOf } = usePlace();
  const { zone } = place.scope;
  const mayWrite = useMayWrite();
  const columns: readonly Column<Percolator>[] = [
    {
      name: "name",
      title: "Name",
      of: "Percolator.name",
      isText: true,
      value: ({ name }) => name,
      show: ({ name, percolatorId }) => <a href={hrefOf({ view: "saved", item: percolatorId })}>{name}</a>,
    },
    {
      name: "filter",
      title: "Filter",
      of: "Percolator.where",
      isText: true,
      value: ({ where }) => filterText(where),
      show: ({ where }) => <code class="filter-text">{filterText(where)}</code>,
    },
    {
      name: "matchCount",
      title: "Matches",
      of: "Percolator.matchCount",
      value: ({ matchCount }) => matchCount,
      show: ({ matchCount }) => count(matchCount),
    },
    {
      name: "createdAt",
      title: "Created",
      of: "Percolator.createdAt",
      isText: true,
      value: ({ createdAt }) => createdAt,
      show: ({ createdAt }) => <time class="whole" dateTime={createdAt}>{moment(createdAt, zone)}</time>,
    },
    {
      name: "enabled",
      title: "Enabled",
      of: "Percolator.enabled",
      isText: true,
      value: ({ enabled }) => enabled,
      show: (percolator) => <EnabledSwitch percolator={percolator} />,
    },
  ];
  const fileColumns: readonly Column<Percolator>[] = [
    ...columns,
    { name: "where", title: "", value: ({ where }) => JSON.stringify(where) },
    { name: "percolatorId", title: "", value: ({ percolatorId }) => percolatorId },
  ];
  const deletion: Column<Percolator> = {
    name: "delete",
    title: "Delete",
    isText: true,
    value: () => null,
    show: (percolator) => <DeleteButton percolator={percolator} />,
  };
  return (
    <View
      title="Saved filters"
      summary="Each interaction is matched with them as it is recorded; what they matched stays listed. The filters above don’t narrow this list."
      document={SavedFiltersDocument}
      variables={{ first: 20, after: place.parameters["after"] ?? null }}
      download={{ columns: fileColumns, rows: ({ percolators }) => percolators.nodes, pageInfo: ({ percolators }) => percolators.pageInfo }}
      controls={() => <SaveFilter />}
      isEmpty={() => false}
    >
      {({ percolators: { nodes, pageInfo } }) =>
        nodes.length === 0 ? (
          <p class="empty">No filter is saved here yet. Choose filters above, give them a name, and what they match is listed from then on.</p>
        ) : (
          <Table
            caption="All saved filters"
            columns={mayWrite ? [...columns, deletion] : columns}
            rows={nodes}
            keyOf={({ percolatorId }) => percolatorId}
            pageInfo={pageInfo}
          />
        )
      }
    </View>
  );
}
