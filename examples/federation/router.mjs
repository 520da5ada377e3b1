// Composes the subgraphs and answers queries over all of them.

import { ApolloGateway, IntrospectAndCompose, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';

// Who asks, and in which namespace. Only the gateway of the interactions is told: its keys concern no other subgraph.
const FORWARDED = ['authorization', 'x-namespace'];

const OURS = 'interactions';

class Interactions extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    for (const name of FORWARDED) {
      if (context.headers?.[name]) request.http.headers.set(name, context.headers[name]);
    }
  }
}

/**
 * A server of the graph composed of these subgraphs, each a name and an address; that of the name "interactions" is the
 * gateway, and is sent `headers` when it is asked for its schema.
 */
export function router(subgraphs, headers) {
  const gateway = new ApolloGateway({
    supergraphSdl: new IntrospectAndCompose({
      subgraphs,
      introspectionHeaders: ({ name }) => (name === OURS ? headers : {}),
    }),
    buildService: ({ name, url }) =>
      name === OURS ? new Interactions({ url }) : new RemoteGraphQLDataSource({ url }),
  });
  return new ApolloServer({ gateway, includeStacktraceInErrorResponses: false });
}

export const context = async ({ req }) => ({ headers: req.headers });
