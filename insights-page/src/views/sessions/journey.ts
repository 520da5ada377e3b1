// What was done in a session, in order: pages of its searches and of its interactions become one sequence.
import { graphql, type ResultOf } from "../../gateway/graphql";

export const JourneySearch = graphql(`
  fragment JourneySearch on SearchRequest @_unmask {
    searchRequestId
    text
    firstSeenAt
    resultCount
    collections
    userId
    filters { text }
    queries { filters { text } }
    outcome {
      clicked
      converted
      noResults
      abandoned
      reformulated
      next { searchRequestId text }
    }
  }
`);

export const JourneyInteraction = graphql(`
  fragment JourneyInteraction on Interaction @_unmask {
    interactionId
    interactionType
    interactionTypes
    featureId
    position
    occurredAt
    durationMs
    userId
    searchRequest { searchRequestId text }
  }
`);

export type Search = ResultOf<typeof JourneySearch>;
export type Action = ResultOf<typeof JourneyInteraction>;

interface Edge<Node> {
  cursor: string;
  node: Node | null;
}

interface PageOf<Node> {
  edges: readonly Edge<Node>[];
  pageInfo: { hasNextPage: boolean };
}

/** What was done with one search's results, or with none's, without a break by another search. */
export interface Stretch {
  /** The search that began with the stretch; null where it goes on with an earlier one's results. */
  search: Search | null;
  /** Whose results the actions are of; null for none's. */
  of: { searchRequestId: string; text: string } | null;
  at: string;
  actions: Action[];
}

/** `next`: cursors with which what follows begins, null where nothing does. */
export interface Journey {
  stretches: Stretch[];
  next: { searches: string | null; interactions: string | null } | null;
}

type Event =
  | { at: string; cursor: string; search: Search; action?: never }
  | { at: string; cursor: string; action: Action; search?: never };

/**
 * A page of the journey. Both kinds come with the earliest first, and either may have more behind its page: the journey is
 * known up to the end of the page that ends first. `from`: the cursors with which these pages begin.
 */
export function journeyOf(
  searches: PageOf<Search>,
  interactions: PageOf<Action>,
  from: { searches: string | null; interactions: string | null },
): Journey {
  const searchEvents = searches.edges.flatMap(({ cursor, node }): Event[] => (node ? [{ at: node.firstSeenAt, cursor, search: node }] : []));
  const actionEvents = interactions.edges.flatMap(({ cursor, node }): Event[] => (node ? [{ at: node.occurredAt, cursor, action: node }] : []));
  const ends = [
    searches.pageInfo.hasNextPage ? searchEvents.at(-1)?.at : undefined,
    interactions.pageInfo.hasNextPage ? actionEvents.at(-1)?.at : undefined,
  ].filter((end) => end !== undefined);
  const end = ends.length === 0 ? null : ends.reduce((one, other) => (Date.parse(one) <= Date.parse(other) ? one : other));
  const isKnown = ({ at }: Event) => end === null || Date.parse(at) <= Date.parse(end);
  const [shownSearches, shownActions] = [searchEvents.filter(isKnown), actionEvents.filter(isKnown)];
  // A search stands ahead of what was done at the same time: its results were there first.
  const events = [...shownSearches, ...shownActions].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  return {
    stretches: stretchesOf(events),
    next: end === null ? null : { searches: shownSearches.at(-1)?.cursor ?? from.searches, interactions: shownActions.at(-1)?.cursor ?? from.interactions },
  };
}

function stretchesOf(events: readonly Event[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { at, search, action } of events) {
    if (search) {
      stretches.push({ search, of: search, at, actions: [] });
      continue;
    }
    const current = stretches.at(-1);
    const of = action.searchRequest;
    if (current && (current.of?.searchRequestId ?? null) === (of?.searchRequestId ?? null)) current.actions.push(action);
    else stretches.push({ search: null, of, at, actions: [action] });
  }
  return stretches;
}

/** Actions as they are shown: several views one after the other are one run, anything else stands by itself. */
export function runsOf(actions: readonly Action[]): Action[][] {
  const runs: Action[][] = [];
  for (const action of actions) {
    const run = runs.at(-1);
    if (run && isView(action) && isView(run[0])) run.push(action);
    else runs.push([action]);
  }
  return runs;
}

const isView = (action: Action | undefined): boolean => action?.interactionTypes.length === 1 && action.interactionType === "VIEW";

export const endOf = ({ at, actions }: Stretch): string => actions.at(-1)?.occurredAt ?? at;
