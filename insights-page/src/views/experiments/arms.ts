// The arms of a metadata path, and how many of their searches led to something.
import { typedOf } from "../../address/scope";
import { type FragmentOf, graphql, readFragment, type ResultOf } from "../../gateway/graphql";
import { type Interval, newcombeInterval, type Proportion, wilsonInterval } from "../../numbers/intervals";

export const ArmStats = graphql(`
  fragment ArmStats on InteractionStatsConnection {
    totalCount
    nodes {
      key { metadata { value } }
      stats {
        users
        sessions
        searches
        views
        clicks
        clicksPerView
        averageClickPosition
        coec
        purchases: count(type: PURCHASE)
        negativeRate
        revenue { currency amount }
      }
    }
  }
`);

export const ArmSearches = graphql(`
  fragment ArmSearches on InteractionStatsConnection {
    nodes {
      key { metadata { value } }
      stats { searches }
    }
    pageInfo { hasNextPage }
  }
`);

/**
 * A share of an arm's searches. `difference`: from the reference; null for the reference itself. Intervals are null
 * where an arm has no searches.
 */
export interface Share {
  proportion: Proportion;
  interval: Interval | null;
  difference: Interval | null;
}

/**
 * One value of the path, with its numbers. `hasValue`: whether there is one; what was recorded without is no arm.
 * `clicked`, `converted`: of its searches, those that led to that; null where there are too many arms to know.
 */
export interface Arm {
  id: string;
  name: string;
  hasValue: boolean;
  isReference: boolean;
  stats: ResultOf<typeof ArmStats>["nodes"][number]["stats"];
  clicked: Share | null;
  converted: Share | null;
}

export interface ArmsData {
  arms: FragmentOf<typeof ArmStats>;
  clicked: FragmentOf<typeof ArmSearches>;
  converted: FragmentOf<typeof ArmSearches>;
}

/**
 * The arms in the API's order. They are compared with the one of the id `chosen`, else with "control", else with the
 * first.
 */
export function armsOf(data: ArmsData, chosen: string | undefined): Arm[] {
  const groups = readFragment(ArmStats, data.arms).nodes.map(({ key, stats }) => ({ id: idOf(key), stats }));
  const values = groups.filter(({ id }) => id !== NO_VALUE);
  const reference = [chosen, "control"].flatMap((name) => values.find(({ id }) => id === name) ?? [])[0] ?? values[0];
  const sharesOf = (outcome: FragmentOf<typeof ArmSearches>) => {
    const searches = searchesByArm(outcome);
    const proportionOf = ({ id, stats }: (typeof groups)[number]): Proportion | null => {
      const count = searches(id);
      return count === null ? null : { count, total: stats.searches };
    };
    const base = reference ? proportionOf(reference) : null;
    return (group: (typeof groups)[number]): Share | null => {
      const proportion = proportionOf(group);
      if (proportion === null) return null;
      const isCompared = base !== null && group !== reference && group.id !== NO_VALUE;
      return {
        proportion,
        interval: wilsonInterval(proportion),
        difference: isCompared ? newcombeInterval(proportion, base) : null,
      };
    };
  };
  const [clickedOf, convertedOf] = [sharesOf(data.clicked), sharesOf(data.converted)];
  return groups.map((group) => ({
    ...group,
    name: group.id === NO_VALUE ? "without a value" : group.id,
    hasValue: group.id !== NO_VALUE,
    isReference: group === reference,
    clicked: clickedOf(group),
    converted: convertedOf(group),
  }));
}

const NO_VALUE = typedOf(null);

/** As a person would type the arm's value, so that 1 and "1" are two. */
const idOf = (key: { metadata: { value: unknown }[] }): string => typedOf(key.metadata[0]?.value ?? null);

function searchesByArm(outcome: FragmentOf<typeof ArmSearches>): (id: string) => number | null {
  const { nodes, pageInfo } = readFragment(ArmSearches, outcome);
  const searches = new Map(nodes.map(({ key, stats }) => [idOf(key), stats.searches]));
  // An arm that nothing came of has no group; where there are more pages, it may be on one of these.
  return (id) => searches.get(id) ?? (pageInfo.hasNextPage ? null : 0);
}
