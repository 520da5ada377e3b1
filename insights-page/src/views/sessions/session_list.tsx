// Sessions with their searches and what these led to, narrowed by what became of them.
import { usePlace } from "../../address/place_context";
import { type SessionWhere, sessionsOf } from "../../address/scope";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { count, duration, moment } from "../../numbers/format";
import { type Column, orderingOf, Table } from "../../parts/table";
import { View } from "../../parts/view";
import { narrowingOf, SessionFilters } from "./session_filters";

const SessionListDocument = graphql(`
  query Sessions($where: SessionWhere!, $orderBy: SessionOrder!, $first: Int!, $after: String) {
    sessions(where: $where, orderBy: $orderBy, first: $first, after: $after) {
      totalCount
      nodes {
        sessionId
        startedAt
        endedAt
        searchRequests(first: 1) {
          nodes { text userId }
          stats { searches clickThroughRate conversionRate abandonmentRate }
        }
        interactions(first: 1) { totalCount nodes { userId } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

type SessionRow = NonNullable<ResultOf<typeof SessionListDocument>["sessions"]["nodes"][number]>;

const PAGE = 25;
const ORDERS = ["STARTED_AT", "ENDED_AT", "SEARCHES", "INTERACTIONS"] as const;

export default function SessionListView() {
  const { place, now } = usePlace();
  const { scope, parameters } = place;
  const ordering = orderingOf(parameters, ORDERS, "STARTED_AT");
  const where: SessionWhere = { ...sessionsOf(scope, now), ...narrowingOf(parameters) };
  const columns = columnsOf(scope.zone);
  return (
    <View
      title="Sessions"
      summary="What visitors did from their first search or interaction to their last: those that began in the range of time."
      document={SessionListDocument}
      variables={{ where, orderBy: ordering, first: PAGE, after: parameters["after"] ?? null }}
      download={{ columns, rows: ({ sessions }) => readable(sessions.nodes), pageInfo: ({ sessions }) => sessions.pageInfo }}
      isEmpty={({ sessions }) => sessions.nodes.length === 0}
      empty="Choose a longer range, or fewer filters here and above."
      unheeded={["text", "collection", "condition", "metadata"]}
      controls={() => <SessionFilters />}
    >
      {({ sessions }) => (
        <>
          <p class="note">
            {count(sessions.totalCount)} {sessions.totalCount === 1 ? "session" : "sessions"}
            {sessions.totalCount === TOTAL_LIMIT && " or more"}
          </p>
          <Table
            caption="List of sessions"
            columns={columns}
            rows={readable(sessions.nodes)}
            keyOf={({ sessionId }) => sessionId}
            ordering={ordering}
            pageInfo={sessions.pageInfo}
          />
        </>
      )}
    </View>
  );
}

/** How far the gateway counts where a query says nothing. */
const TOTAL_LIMIT = 10_000;

const readable = (nodes: readonly (SessionRow | null)[]): SessionRow[] => nodes.filter((node) => node !== null);

const lengthOf = ({ startedAt, endedAt }: SessionRow): number => Date.parse(endedAt) - Date.parse(startedAt);
/** The time alone, where the session ended on the day of its start. */
function endOf(startedAt: string, endedAt: string, zone: string): string {
  const [start, end] = [moment(startedAt, zone), moment(endedAt, zone)];
  const [day, time] = end.split(", ");
  return day !== undefined && time !== undefined && start.startsWith(day) ? time : end;
}

const userOf = ({ searchRequests, interactions }: SessionRow): string | null =>
  searchRequests.nodes[0]?.userId ?? interactions.nodes[0]?.userId ?? null;
const lastTextOf = ({ searchRequests }: SessionRow): string | null => searchRequests.nodes[0]?.text ?? null;

const columnsOf = (zone: string): Column<SessionRow>[] => [
  {
    name: "sessionId",
    title: "Session",
    of: "Session.sessionId",
    isText: true,
    value: ({ sessionId }) => sessionId,
    show: (row) => <SessionLink {...row} />,
  },
  {
    name: "startedAt",
    title: "Started",
    of: "Session.startedAt",
    order: "STARTED_AT",
    isText: true,
    value: ({ startedAt }) => startedAt,
    show: ({ startedAt }) => <When at={startedAt} text={moment(startedAt, zone)} />,
  },
  {
    name: "endedAt",
    title: "Ended",
    of: "Session.endedAt",
    order: "ENDED_AT",
    isText: true,
    value: ({ endedAt }) => endedAt,
    show: ({ startedAt, endedAt }) => <When at={endedAt} text={endOf(startedAt, endedAt, zone)} />,
  },
  { name: "lengthMs", title: "Length", value: lengthOf, show: (row) => duration(lengthOf(row)) },
  {
    name: "searches",
    title: "Searches",
    of: "SearchStats.searches",
    order: "SEARCHES",
    value: ({ searchRequests: { stats } }) => stats.searches,
  },
  {
    name: "interactions",
    title: "Interactions",
    of: "Session.interactions",
    order: "INTERACTIONS",
    value: ({ interactions }) => interactions.totalCount,
  },
  {
    name: "lastText",
    title: "Last search",
    of: "SearchRequest.text",
    isText: true,
    value: lastTextOf,
    show: (row) => <LastText text={lastTextOf(row)} />,
  },
  {
    name: "ledTo",
    title: "Led to",
    isText: true,
    value: (row) => outcomesOf(row).join(" "),
    show: (row) => <Outcomes row={row} />,
  },
  {
    name: "userId",
    title: "User",
    of: "SearchRequest.userId",
    isText: true,
    value: userOf,
    show: (row) => <UserLink user={userOf(row)} />,
  },
];

const When = ({ at, text }: { at: string; text: string }) => (
  <time class="whole" dateTime={at}>
    {text}
  </time>
);

function SessionLink({ sessionId }: SessionRow) {
  const { hrefOf } = usePlace();
  return <a href={hrefOf({ item: sessionId })}>{sessionId}</a>;
}

function UserLink({ user }: { user: string | null }) {
  const { hrefOf } = usePlace();
  if (user === null) return <span class="faint">not known</span>;
  return (
    <a href={hrefOf({ scope: { user } })} title="Only sessions of this user">
      {user}
    </a>
  );
}

function LastText({ text }: { text: string | null }) {
  const { hrefOf } = usePlace();
  if (text === null) return <span class="faint">none</span>;
  if (text === "") return <>everything</>;
  return (
    <a class="searched" href={hrefOf({ view: "queries", item: text })}>
      {text}
    </a>
  );
}

/** By the rates of its searches: any click, any conversion, and whether the last was abandoned. */
function outcomesOf({ searchRequests: { stats } }: SessionRow): string[] {
  const outcomes: string[] = [];
  if ((stats.clickThroughRate ?? 0) > 0) outcomes.push("clicked");
  if ((stats.conversionRate ?? 0) > 0) outcomes.push("converted");
  if ((stats.abandonmentRate ?? 0) > 0) outcomes.push("abandoned");
  return outcomes;
}

const Outcomes = ({ row }: { row: SessionRow }) => (
  <>
    {outcomesOf(row).map((outcome) => (
      <span key={outcome} class={`tag ${outcome}`}>
        {outcome}
      </span>
    ))}
  </>
);
