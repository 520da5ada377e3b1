// Apollo Client: persisted queries (automatic, or by a manifest: its path is the second argument) by GET, and batches.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { generatePersistedQueryIdsFromManifest } from '@apollo/persisted-query-lists';

import { exchanges, fetchAndTell } from './exchanges.mjs';
import { url } from './gateway.mjs';

const LATEST = gql`
  query Latest($first: Int!) {
    interactions(first: $first) {
      totalCount
      nodes {
        id
        featureId
      }
    }
  }
`;
const RECORD = gql`
  mutation Record($id: ID!) {
    recordInteraction(input: { interactionId: $id, featureId: "new", interactionType: VIEW }) {
      created
    }
  }
`;
const FAILING = gql`
  query Failing {
    node(id: "nobody's") {
      id
    }
  }
`;

const [scenario, manifest] = process.argv.slice(2);
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const http = new HttpLink({ uri: url, fetch: fetchAndTell });

function client(...links) {
  return new ApolloClient({ link: ApolloLink.from(links), cache: new InMemoryCache() });
}

function persisted() {
  const naming = manifest
    ? generatePersistedQueryIdsFromManifest({ loadManifest: () => JSON.parse(readFileSync(manifest, 'utf8')) })
    : { sha256 };
  return client(new PersistedQueryLink({ ...naming, useGETForHashedQueries: true }), http);
}

const scenarios = {
  async persisted() {
    const answers = [];
    // Each client is a visitor of its own, with an empty cache.
    for (let visitor = 0; visitor < 2; visitor++) {
      const { data } = await persisted().query({ query: LATEST, variables: { first: 2 } });
      answers.push(data.interactions);
    }
    const { data } = await persisted().mutate({ mutation: RECORD, variables: { id: 'by-apollo' } });
    return { answers, created: data.recordInteraction.created };
  },

  async untrusted() {
    const { error } = await persisted().query({ query: FAILING, errorPolicy: 'all' });
    return { codes: error.errors.map((one) => one.extensions.code) };
  },

  async batched() {
    const batching = client(new BatchHttpLink({ uri: url, fetch: fetchAndTell, batchInterval: 20 }));
    const [latest, failing, recorded] = await Promise.all([
      batching.query({ query: LATEST, variables: { first: 1 } }),
      batching.query({ query: FAILING, errorPolicy: 'all' }),
      batching.mutate({ mutation: RECORD, variables: { id: 'by-batch' } }),
    ]);
    return {
      latest: latest.data.interactions,
      failing: failing.error.errors.map((error) => error.extensions.code),
      created: recorded.data.recordInteraction.created,
    };
  },
};

const told = await scenarios[scenario]();
console.log(JSON.stringify({ ...told, exchanges }));
