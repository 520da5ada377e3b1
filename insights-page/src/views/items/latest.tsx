// The latest that was done with an item.
import { usePlace } from "../../address/place_context";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { moment, position, word } from "../../numbers/format";
import { type Column, Table } from "../../parts/table";

export const ItemInteraction = graphql(`
  fragment ItemInteraction on Interaction @_unmask {
    interactionId
    interactionTypes
    occurredAt
    position
    sessionId
    userId
    searchRequest { text }
  }
`);

type ItemInteraction = ResultOf<typeof ItemInteraction>;

export function Latest({ interactions }: { interactions: readonly (ItemInteraction | null)[] }) {
  const { place, hrefOf } = usePlace();
  const columns: readonly Column<ItemInteraction>[] = [
    {
      name: "occurredAt",
      title: "When",
      isText: true,
      value: ({ occurredAt }) => occurredAt,
      show: ({ occurredAt }) => <time dateTime={occurredAt}>{moment(occurredAt, place.scope.zone)}</time>,
    },
    { name: "interactionTypes", title: "What", isText: true, value: ({ interactionTypes }) => interactionTypes.map(word).join(", ") },
    { name: "position", title: "Position", value: (row) => row.position, show: (row) => position(row.position) },
    {
      name: "text",
      title: "Searched for",
      isText: true,
      value: ({ searchRequest }) => searchRequest?.text ?? null,
      show: ({ searchRequest }) => searchRequest?.text && <a href={hrefOf({ view: "queries", item: searchRequest.text })}>{searchRequest.text}</a>,
    },
    {
      name: "sessionId",
      title: "Session",
      isText: true,
      value: ({ sessionId }) => sessionId,
      show: ({ sessionId }) => sessionId !== null && <a href={hrefOf({ view: "sessions", item: sessionId })}>{sessionId}</a>,
    },
    { name: "userId", title: "User", isText: true, value: ({ userId }) => userId },
  ];
  return (
    <section>
      <h2>Latest interactions</h2>
      <Table
        caption="Latest interactions"
        columns={columns}
        rows={interactions.filter((interaction) => interaction !== null)}
        keyOf={({ interactionId }) => interactionId}
      />
    </section>
  );
}
