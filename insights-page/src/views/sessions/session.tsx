// The journey of one session.
import { usePlace } from "../../address/place_context";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { count, duration, moment } from "../../numbers/format";
import { Measure, Measures } from "../../parts/measure";
import { type Column, Pages } from "../../parts/table";
import { View } from "../../parts/view";
import { type Action, JourneyInteraction, journeyOf, JourneySearch, type Search, startOf } from "./journey";
import { Timeline } from "./timeline";

const SessionDocument = graphql(
  `
    query Session($sessionId: ID!, $searchesAfter: String, $interactionsAfter: String) {
      session(sessionId: $sessionId) {
        sessionId
        startedAt
        endedAt
        searchRequests(first: 100, after: $searchesAfter, orderBy: { direction: ASC }) {
          edges { cursor node { ...JourneySearch } }
          pageInfo { hasNextPage }
          stats { searches requests users clickThroughRate conversionRate }
        }
        interactions(first: 100, after: $interactionsAfter, orderBy: { direction: ASC }) {
          totalCount
          stats { clicks }
          edges { cursor node { ...JourneyInteraction } }
          pageInfo { hasNextPage }
        }
      }
    }
  `,
  [JourneySearch, JourneyInteraction],
);

type Session = NonNullable<ResultOf<typeof SessionDocument>["session"]>;

const NO_PAGE = { hasNextPage: false, endCursor: null };

export default function SessionView({ sessionId }: { sessionId: string }) {
  const { place, hrefOf } = usePlace();
  const { after = null } = place.parameters;
  const variablesOf = (behind: string | null) => {
    const { searches, interactions } = startOf(behind);
    return { sessionId, searchesAfter: searches, interactionsAfter: interactions };
  };
  return (
    <View
      title={`Session ${sessionId}`}
      summary={
        <>
          <a href={hrefOf({ view: "sessions" })}>All sessions</a> · What was searched for and done, in order, whatever the range of time.
        </>
      }
      document={SessionDocument}
      variables={variablesOf(after)}
      download={{
        columns,
        rows: ({ session }) => (session ? rowsOf(session) : []),
        pageInfo: ({ session }, behind) => (session ? journeyIn(session, behind).pageInfo : NO_PAGE),
        variablesOf,
      }}
      isEmpty={() => false}
      unheeded={["text", "collection", "condition", "user", "metadata"]}
    >
      {({ session }) =>
        session === null ? (
          <p class="empty">This namespace has no session with this id. Is it the right namespace?</p>
        ) : (
          <SessionJourney session={session} after={after} />
        )
      }
    </View>
  );
}

interface SessionJourneyProps {
  session: Session;
  after: string | null;
}

const journeyIn = ({ searchRequests, interactions }: Session, after: string | null) =>
  journeyOf(searchRequests, interactions, startOf(after));

function SessionJourney({ session, after }: SessionJourneyProps) {
  const { place, hrefOf } = usePlace();
  const { zone } = place.scope;
  const { startedAt, endedAt, searchRequests, interactions } = session;
  const { stretches, pageInfo } = journeyIn(session, after);
  const users = usersOf(session);
  return (
    <>
      <Measures>
        <Measure name="Length" of="Session.endedAt" value={duration(Date.parse(endedAt) - Date.parse(startedAt))} />
        <Measure name="Searches" of="SearchStats.searches" value={count(searchRequests.stats.searches)}>
          <span class="change">{count(searchRequests.stats.requests)} as typed</span>
        </Measure>
        <Measure name="Interactions" of="Session.interactions" value={count(interactions.totalCount)} />
        <Measure name="Clicks" of="InteractionStats.clicks" value={count(interactions.stats.clicks)} />
      </Measures>
      <p>
        Began <time dateTime={startedAt}>{moment(startedAt, zone)}</time>
        {users.length === 0 && ", by somebody who isn’t known"}
        {users.length > 0 && ", by "}
        {users.map((user, place) => (
          <span key={user}>
            {place > 0 && ", "}
            <a href={hrefOf({ view: "sessions", scope: { user } })} title="All sessions of this user">
              {user}
            </a>
          </span>
        ))}
      </p>
      <h2>Journey</h2>
      <Timeline stretches={stretches} startedAt={startedAt} isFirst={after === null} />
      <Pages {...pageInfo} />
    </>
  );
}

/** Those named on this page. */
function usersOf({ searchRequests, interactions }: Session): string[] {
  const users = [...searchRequests.edges, ...interactions.edges].map(({ node }) => node?.userId ?? null);
  return [...new Set(users.filter((user) => user !== null))];
}

type Row = { search: Search } | { action: Action };

/** What this page holds, in order. */
function rowsOf(session: Session): Row[] {
  const { stretches } = journeyIn(session, null);
  return stretches.flatMap(({ search, actions }): Row[] => [...(search ? [{ search }] : []), ...actions.map((action) => ({ action }))]);
}

const columns: readonly Column<Row>[] = [
  { name: "at", title: "At", value: (row) => ("search" in row ? row.search.firstSeenAt : row.action.occurredAt) },
  { name: "what", title: "What", value: (row) => ("search" in row ? "SEARCH" : row.action.interactionTypes.join(" ")) },
  { name: "searchRequestId", title: "Search", value: (row) => ("search" in row ? row.search : row.action.searchRequest)?.searchRequestId ?? null },
  { name: "text", title: "Text", value: (row) => ("search" in row ? row.search : row.action.searchRequest)?.text ?? null },
  { name: "filters", title: "Filters", value: (row) => ("search" in row ? (row.search.filters?.text ?? null) : null) },
  { name: "resultCount", title: "Results", value: (row) => ("search" in row ? row.search.resultCount : null) },
  { name: "reformulated", title: "Reformulated", value: (row) => ("search" in row ? row.search.outcome.reformulated : null) },
  { name: "abandoned", title: "Abandoned", value: (row) => ("search" in row ? row.search.outcome.abandoned : null) },
  { name: "featureId", title: "Item", value: (row) => ("action" in row ? row.action.featureId : null) },
  { name: "position", title: "Position", value: (row) => ("action" in row ? row.action.position : null) },
  { name: "durationMs", title: "Duration in ms", value: (row) => ("action" in row ? row.action.durationMs : null) },
];
