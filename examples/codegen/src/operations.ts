import { graphql } from "./gql/index.js";

/** A filter tree as deep as this selects; `text`, `flat` and `json` would give it at any depth. */
export const filterTree = graphql(`
  fragment Condition on FilterCondition {
    key
    operator
    value
  }

  fragment InnerGroup on FilterGroup {
    __typename
    and {
      __typename
      ...Condition
    }
    or {
      __typename
      ...Condition
    }
    nor {
      __typename
      ...Condition
    }
  }

  fragment FilterTree on FilterGroup {
    __typename
    depth
    text
    and {
      __typename
      ...Condition
      ...InnerGroup
    }
    or {
      __typename
      ...Condition
      ...InnerGroup
    }
    nor {
      __typename
      ...Condition
      ...InnerGroup
    }
  }
`);

export const interactionsQuery = graphql(`
  query Interactions($first: Int!, $after: String) {
    interactions(first: $first, after: $after) {
      nodes {
        interactionId
        occurredAt
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const interactionQuery = graphql(`
  query Interaction($interactionId: ID!) {
    interaction(interactionId: $interactionId) {
      interactionType
      occurredAt
      metadata
      searchRequest {
        filters {
          ...FilterTree
        }
      }
    }
  }
`);

export const recordMutation = graphql(`
  mutation Record($input: RecordInteractionInput!) {
    recordInteraction(input: $input) {
      created
      interaction {
        id
      }
    }
  }
`);
