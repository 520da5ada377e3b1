// The arms of an experiment side by side, and whether a difference between them can be told from chance.
import { useMemo } from "preact/hooks";

import { usePlace } from "../../address/place_context";
import { interactionsOf } from "../../address/scope";
import { graphql, readFragment, type ResultOf } from "../../gateway/graphql";
import { count, mean, money, rate } from "../../numbers/format";
import { revenueText } from "../../numbers/interaction_measures";
import { type Column, Table } from "../../parts/table";
import { View } from "../../parts/view";
import { ArmShares, readingOf } from "./arm_shares";
import { type Arm, ArmSearches, armsOf, ArmStats, type Share } from "./arms";

const ExperimentsDocument = graphql(
  `
    query Experiments(
      $where: InteractionWhere!
      $clicked: InteractionWhere!
      $converted: InteractionWhere!
      $groupBy: [InteractionGrouping!]!
    ) {
      arms: interactionStats(where: $where, groupBy: $groupBy, orderBy: { field: SEARCHES }, first: 20) { ...ArmStats }
      clicked: interactionStats(where: $clicked, groupBy: $groupBy, orderBy: { field: SEARCHES }, first: 100) { ...ArmSearches }
      converted: interactionStats(where: $converted, groupBy: $groupBy, orderBy: { field: SEARCHES }, first: 100) {
        ...ArmSearches
      }
    }
  `,
  [ArmStats, ArmSearches],
);

type Experiments = ResultOf<typeof ExperimentsDocument>;

const USUAL_PATH = "experiment";
const CONVERSIONS = ["PURCHASE", "ADD_TO_CART", "CONVERSION"] as const;

const columns: readonly Column<Arm>[] = [
  { name: "arm", title: "Arm", isText: true, value: ({ name }) => name, show: ({ name, hasValue }) => (hasValue ? name : <em>{name}</em>) },
  ...(
    [
      ["users", "Users", count],
      ["sessions", "Sessions", count],
      ["searches", "Searches", count],
      ["views", "Views", count],
      ["clicks", "Clicks", count],
      ["clicksPerView", "Clicks per view", rate],
      ["averageClickPosition", "Click position", mean],
      ["coec", "COEC", mean],
      ["negativeRate", "Negative rate", rate],
      ["purchases", "Purchases", count],
    ] as const
  ).map(([name, title, format]) => ({
    name,
    title,
    of: `InteractionStats.${name === "purchases" ? "count" : name}`,
    value: ({ stats }: Arm) => stats[name],
    show: ({ stats }: Arm) => format(stats[name]),
  })),
  {
    name: "revenue",
    title: "Revenue",
    of: "InteractionStats.revenue",
    value: ({ stats }) => revenueText(stats.revenue),
    show: ({ stats }) =>
      stats.revenue.length === 0 ? "–" : stats.revenue.map(({ amount, currency }) => <div key={currency}>{money(amount, currency)}</div>),
  },
];

export default function ExperimentsView() {
  const { place, now } = usePlace();
  const path = place.parameters["path"] ?? USUAL_PATH;
  const where = interactionsOf(place.scope, now);
  return (
    <View
      title="Experiments"
      summary="Arms side by side, and whether a difference between them can be told from chance."
      document={ExperimentsDocument}
      variables={{
        where,
        clicked: { ...where, interactionType: { eq: "CLICK" as const } },
        converted: { ...where, interactionType: { in: [...CONVERSIONS] } },
        groupBy: [{ metadata: path }],
      }}
      download={{
        columns: [...columns, ...columnsOf("clicked", (arm) => arm.clicked), ...columnsOf("converted", (arm) => arm.converted)],
        rows: (data) => armsOf(data, place.parameters["reference"]),
      }}
      controls={(data) => <ArmChoices path={path} data={data} />}
      isEmpty={({ arms }) => readFragment(ArmStats, arms).nodes.length === 0}
    >
      {(data) => <Arms data={data} path={path} />}
    </View>
  );
}

function ArmChoices({ path, data }: { path: string; data: Experiments | null }) {
  const { place, go } = usePlace();
  const arms = (data ? armsOf(data, place.parameters["reference"]) : []).filter(({ hasValue }) => hasValue);
  return (
    <div class="arm-choices">
      <form
        key={path}
        onSubmit={(event) => {
          event.preventDefault();
          const chosen = String(new FormData(event.currentTarget).get("path") ?? "").trim();
          go({ parameters: { path: chosen || null, reference: null } });
        }}
      >
        <label>
          Arms by the metadata path
          <input name="path" value={path} placeholder={USUAL_PATH} autocomplete="off" spellcheck={false} />
        </label>
        <button type="submit">Show</button>
      </form>
      {arms.length > 1 && (
        <label>
          Compare with
          <select
            value={arms.find(({ isReference }) => isReference)?.id}
            onChange={({ currentTarget }) => go({ parameters: { reference: currentTarget.value } })}
          >
            {arms.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

function Arms({ data, path }: { data: Experiments; path: string }) {
  const { place } = usePlace();
  const chosen = place.parameters["reference"];
  const arms = useMemo(() => armsOf(data, chosen), [data, chosen]);
  const total = readFragment(ArmStats, data.arms).totalCount;
  if (!arms.some(({ hasValue }) => hasValue)) {
    return (
      <div class="empty">
        <p>
          No interaction here has a value at <code>metadata.{path}</code>.
        </p>
        <p>
          Record the arm that somebody saw with each interaction, such as <code>{`metadata: { experiment: "control" }`}</code>; or
          choose another path above.
        </p>
      </div>
    );
  }
  return (
    <>
      <Table caption={`Arms by ${path}`} columns={columns} rows={arms} keyOf={({ id }) => id} />
      {total !== null && total > arms.length && (
        <p class="note">
          The {arms.length} values with the most searches, of {count(total)}.
        </p>
      )}
      <ArmShares title="Searches with a click" head="With a click" arms={arms} shareOf={clickedOf} />
      <ArmShares title="Searches with a conversion" head="With a conversion" arms={arms} shareOf={convertedOf} />
      <Method />
    </>
  );
}

const clickedOf = ({ clicked }: Arm): Share | null => clicked;
const convertedOf = ({ converted }: Arm): Share | null => converted;

const Method = () => (
  <section class="method" aria-labelledby="method">
    <h2 id="method">How to read this</h2>
    <ul>
      <li>
        Counted are search requests: those that an arm’s interactions name, and of these the ones that a click, or a purchase, cart
        or conversion, names. Searches that led to no interaction at all are in no arm.
      </li>
      <li>
        Shares have Wilson’s score interval (1927), differences Newcombe’s hybrid score interval (1998, method 10), both at 95 %. An
        interval that holds 0 says that no difference can be told; not that there is none.
      </li>
      <li>
        Intervals take searches as independent. One visitor’s searches are alike, so true intervals are wider: the more so, the more
        searches a user makes.
      </li>
      <li>
        Each arm is compared by itself. Of twenty comparisons of equal arms, one shows a difference by chance; so do experiments that
        are looked at until they do.
      </li>
    </ul>
  </section>
);

/** What the file has of a share, beside the arm's numbers. */
function columnsOf(name: string, shareOf: (arm: Arm) => Share | null): Column<Arm>[] {
  return [
    { name: `${name}_searches`, title: "", value: (arm) => shareOf(arm)?.proportion.count ?? null },
    { name: `${name}_share`, title: "", value: (arm) => shareOf(arm)?.interval?.estimate ?? null },
    { name: `${name}_low`, title: "", value: (arm) => shareOf(arm)?.interval?.low ?? null },
    { name: `${name}_high`, title: "", value: (arm) => shareOf(arm)?.interval?.high ?? null },
    { name: `${name}_difference`, title: "", value: (arm) => shareOf(arm)?.difference?.estimate ?? null },
    { name: `${name}_difference_low`, title: "", value: (arm) => shareOf(arm)?.difference?.low ?? null },
    { name: `${name}_difference_high`, title: "", value: (arm) => shareOf(arm)?.difference?.high ?? null },
    { name: `${name}_reading`, title: "", isText: true, value: (arm) => readingOf(arm, shareOf(arm)?.difference) },
  ];
}
