// Changes that the user makes, each a request of its own.
import { useState } from "preact/hooks";

import { useGateway } from "./gateway_context";
import { GatewayError } from "./gateway_error";
import type { TadaDocumentNode } from "./graphql";
import { ask } from "./requests";

/** `send`: gives whether it was done; `error` says why not. */
export interface Mutation<Variables> {
  send: (variables: Variables) => Promise<boolean>;
  isSending: boolean;
  error: GatewayError | null;
}

/** A mutation, after which everything shown is asked for anew. */
export function useMutation<Data, Variables>(document: TadaDocumentNode<Data, Variables>): Mutation<Variables> {
  const { connection, refresh, refuse } = useGateway();
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<GatewayError | null>(null);
  const send = async (variables: Variables) => {
    setSending(true);
    setError(null);
    try {
      await ask(connection, document, variables);
      refresh();
      return true;
    } catch (reason) {
      const failure = reason instanceof GatewayError ? reason : new GatewayError(String(reason), "ERROR");
      if (failure.isUnauthenticated) refuse(failure);
      setError(failure);
      return false;
    } finally {
      setSending(false);
    }
  };
  return { send, isSending, error };
}
