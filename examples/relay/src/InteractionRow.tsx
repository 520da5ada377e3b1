import { graphql, useRefetchableFragment } from "react-relay";

import type { InteractionRowRefetchQuery } from "./__generated__/InteractionRowRefetchQuery.graphql";
import type { InteractionRow_interaction$key } from "./__generated__/InteractionRow_interaction.graphql";

/** Being @refetchable on a type with a global id, it can be read again alone: Relay asks for `node(id: …)`. */
export function InteractionRow(props: { interaction: InteractionRow_interaction$key }) {
  const [interaction, refetch] = useRefetchableFragment<InteractionRowRefetchQuery, InteractionRow_interaction$key>(
    graphql`
      fragment InteractionRow_interaction on Interaction @refetchable(queryName: "InteractionRowRefetchQuery") {
        interactionId
        interactionType
        featureId
        occurredAt
        searchRequest {
          queries {
            value
          }
          filters {
            text
          }
        }
      }
    `,
    props.interaction,
  );
  const search = interaction.searchRequest;
  return (
    <li data-interaction-id={interaction.interactionId}>
      {interaction.interactionType} {interaction.featureId} <time>{interaction.occurredAt}</time>
      {search?.queries.map((query, index) => (
        <q key={index}>{query.value}</q>
      ))}
      {search?.filters && <code>{search.filters.text}</code>}
      <button name="refresh" onClick={() => refetch({}, { fetchPolicy: "network-only" })}>
        Refresh
      </button>
    </li>
  );
}
