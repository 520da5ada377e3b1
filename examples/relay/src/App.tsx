import { Suspense } from "react";
import { graphql, RelayEnvironmentProvider, useLazyLoadQuery } from "react-relay";
import type { IEnvironment } from "relay-runtime";

import { InteractionList } from "./InteractionList";
import type { AppQuery } from "./__generated__/AppQuery.graphql";

export function App({ environment }: { environment: IEnvironment }) {
  return (
    <RelayEnvironmentProvider environment={environment}>
      <Suspense fallback="Loading …">
        <Page />
      </Suspense>
    </RelayEnvironmentProvider>
  );
}

function Page() {
  const data = useLazyLoadQuery<AppQuery>(
    graphql`
      query AppQuery {
        viewer {
          namespace {
            name
          }
        }
        ...InteractionList_query
      }
    `,
    {},
  );
  return (
    <main>
      <h1>{data.viewer.namespace.name}</h1>
      <InteractionList query={data} />
    </main>
  );
}
