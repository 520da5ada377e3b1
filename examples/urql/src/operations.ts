import { graphql } from "./gql/index.js";

export const interactionRow = graphql(`
  fragment InteractionRow on Interaction {
    id
    interactionId
    interactionType
    featureId
    occurredAt
    searchRequest {
      id
      filters {
        text
      }
    }
  }
`);

export const interactionsQuery = graphql(`
  query Interactions($first: Int, $after: String, $where: InteractionWhere) {
    interactions(first: $first, after: $after, where: $where) {
      edges {
        cursor
        node {
          ...InteractionRow
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`);

export const recordMutation = graphql(`
  mutation Record($input: RecordInteractionInput!) {
    recordInteraction(input: $input) {
      created
      interaction {
        ...InteractionRow
      }
    }
  }
`);

export const recordedSubscription = graphql(`
  subscription Recorded($where: InteractionWhere) {
    interactionRecorded(where: $where) {
      ...InteractionRow
    }
  }
`);

export const nodeQuery = graphql(`
  query Node($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Interaction {
        ...InteractionRow
      }
    }
  }
`);
