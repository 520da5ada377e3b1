import { useMemo, useState } from "react";
import { graphql, useMutation, usePaginationFragment, useSubscription } from "react-relay";

import { InteractionRow } from "./InteractionRow";
import type { InteractionListDeleteMutation } from "./__generated__/InteractionListDeleteMutation.graphql";
import type { InteractionListPaginationQuery } from "./__generated__/InteractionListPaginationQuery.graphql";
import type { InteractionListRecordMutation } from "./__generated__/InteractionListRecordMutation.graphql";
import type { InteractionListSubscription } from "./__generated__/InteractionListSubscription.graphql";
import type { InteractionList_query$key } from "./__generated__/InteractionList_query.graphql";

const PAGE_SIZE = 5;

/** The latest interactions, a page at a time; those recorded here and elsewhere meanwhile are put on top. */
export function InteractionList(props: { query: InteractionList_query$key }) {
  const { data, loadNext, hasNext, isLoadingNext } = usePaginationFragment<
    InteractionListPaginationQuery,
    InteractionList_query$key
  >(
    graphql`
      fragment InteractionList_query on Query
      @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" })
      @refetchable(queryName: "InteractionListPaginationQuery") {
        interactions(first: $count, after: $cursor) @connection(key: "InteractionList_interactions") {
          __id
          edges {
            node {
              id
              ...InteractionRow_interaction
            }
          }
        }
      }
    `,
    props.query,
  );
  const connection = data.interactions.__id;
  const received = useReceived(connection);
  // A node is null where a stored document can't be read: the answer's errors say which.
  const interactions = data.interactions.edges.flatMap(({ node }) => (node ? [node] : []));
  return (
    <section>
      <Recorder connection={connection} />
      <p>
        Received: <output name="received">{received.join(" ")}</output>
      </p>
      <ul>
        {interactions.map((interaction) => (
          <InteractionRow key={interaction.id} interaction={interaction} />
        ))}
      </ul>
      <button name="more" disabled={!hasNext || isLoadingNext} onClick={() => loadNext(PAGE_SIZE)}>
        More
      </button>
    </section>
  );
}

/** Ids of interactions that anybody recorded since. Relay puts each into the connection once, however it arrives. */
function useReceived(connection: string): string[] {
  const [received, setReceived] = useState<string[]>([]);
  useSubscription<InteractionListSubscription>(
    useMemo(
      () => ({
        subscription: graphql`
          subscription InteractionListSubscription($connections: [ID!]!) {
            interactionRecorded @prependNode(connections: $connections, edgeTypeName: "InteractionEdge") {
              interactionId
              ...InteractionRow_interaction
            }
          }
        `,
        variables: { connections: [connection] },
        onNext: (event) => {
          if (event) setReceived((ids) => [...ids, event.interactionRecorded.interactionId]);
        },
        onError: (error) => console.error("No longer live:", error.message),
      }),
      [connection],
    ),
  );
  return received;
}

/** An id chosen by the client makes recording safe to repeat: the second time `created` is false. */
function Recorder({ connection }: { connection: string }) {
  const [input] = useState(() => ({
    interactionId: crypto.randomUUID(),
    featureId: "sku-00603",
    interactionType: "CLICK" as const,
    occurredAt: new Date().toISOString(),
  }));
  const [created, setCreated] = useState<boolean[]>([]);
  const [commitRecord] = useMutation<InteractionListRecordMutation>(graphql`
    mutation InteractionListRecordMutation($input: RecordInteractionInput!, $connections: [ID!]!) {
      recordInteraction(input: $input) {
        created
        interaction @prependNode(connections: $connections, edgeTypeName: "InteractionEdge") {
          ...InteractionRow_interaction
        }
      }
    }
  `);
  const [commitDelete] = useMutation<InteractionListDeleteMutation>(graphql`
    mutation InteractionListDeleteMutation($input: DeleteInteractionInput!, $connections: [ID!]!) {
      deleteInteraction(input: $input) {
        deletedId @deleteEdge(connections: $connections)
      }
    }
  `);
  const connections = [connection];
  const record = () =>
    commitRecord({
      variables: { input, connections },
      onCompleted: ({ recordInteraction }) => setCreated((results) => [...results, recordInteraction.created]),
    });
  const remove = () => commitDelete({ variables: { input: { interactionId: input.interactionId }, connections } });
  return (
    <p>
      <button name="record" onClick={record}>
        Record a click
      </button>
      <button name="delete" onClick={remove}>
        Delete it
      </button>
      <output name="recorded" data-interaction-id={input.interactionId}>
        {created.join(" ")}
      </output>
    </p>
  );
}
