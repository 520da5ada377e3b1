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

/**
 * What was done with one search's results, or with none's, without a break by another search.
 *
 * `search`: what began with the stretch; null where it goes on with other results. `isReturn`: whether they are those of a
 * search that stands earlier on the page.
 */
export interface Stretch {
  search: Search | null;
  isReturn: boolean;
  /** Whose results the actions are of; null for none's. */
  of: { searchRequestId: string; text: string } | null;
  at: string;
  actions: Action[];
}

export interface Journey {
  stretches: Stretch[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** Behind which search and which interaction a page of the journey begins; null for the first of each. */
export interface JourneyStart {
  searches: string | null;
  interactions: string | null;
}

// Cursors have no full stop.
const SEPARATOR = ".";

/** The start that a cursor of a journey stands for. */
export function startOf(after: string | null): JourneyStart {
  const [searches, interactions] = (after ?? "").split(SEPARATOR);
  return { searches: searches || null, interactions: interactions || null };
}

type Event =
  | { at: string; cursor: string; search: Search; action?: never }
  | { at: string; cursor: string; action: Action; search?: never };

/**
 * A page of the journey. Both kinds come with the earliest first, and either may have more behind its page: the journey is
 * known up to the end of the page that ends first.
 */
export function journeyOf(
  searches: PageOf<Search>,
  interactions: PageOf<Action>,
  start: JourneyStart,
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
  const cursors = [shownSearches.at(-1)?.cursor ?? start.searches, shownActions.at(-1)?.cursor ?? start.interactions];
  return {
    stretches: stretchesOf(events),
    pageInfo: { hasNextPage: end !== null, endCursor: cursors.map((cursor) => cursor ?? "").join(SEPARATOR) },
  };
}

function stretchesOf(events: readonly Event[]): Stretch[] {
  const stretches: Stretch[] = [];
  const known = new Set<string>();
  for (const { at, search, action } of events) {
    if (search) {
      stretches.push({ search, isReturn: false, of: search, at, actions: [] });
      known.add(search.searchRequestId);
      continue;
    }
    const current = stretches.at(-1);
    const of = action.searchRequest;
    if (current && (current.of?.searchRequestId ?? null) === (of?.searchRequestId ?? null)) current.actions.push(action);
    else stretches.push({ search: null, isReturn: of !== null && known.has(of.searchRequestId), of, at, actions: [action] });
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
