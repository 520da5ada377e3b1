// Answers as components hold them: the newest, and whether another is on its way.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { useGateway } from "./gateway_context";
import { ask, subscribe } from "./requests";
import { GatewayError } from "./gateway_error";
import type { TadaDocumentNode } from "./graphql";

/** `data`: the newest answer, also while the next is being waited for. */
export interface Answer<Data> {
  data: Data | null;
  error: GatewayError | null;
  isLoading: boolean;
  retry: () => void;
}

/** The answer to an operation, asked again whenever its variables, the connection or `asked` change. */
export function useAnswer<Data, Variables>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
): Answer<Data> {
  const { connection, refreshed, refuse } = useGateway();
  const [state, setState] = useState<{ data: Data | null; error: GatewayError | null; isLoading: boolean }>({
    data: null,
    error: null,
    isLoading: true,
  });
  const [attempt, setAttempt] = useState(0);
  const sent = JSON.stringify(variables);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);

  useEffect(() => {
    const abort = new AbortController();
    setState(({ data }) => ({ data, error: null, isLoading: true }));
    ask(connection, document, variables, abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ data, error: null, isLoading: false });
      },
      (reason: unknown) => {
        if (abort.signal.aborted) return;
        const error = reason instanceof GatewayError ? reason : new GatewayError(String(reason), "ERROR");
        if (error.isUnauthenticated) refuse(error);
        setState({ data: null, error, isLoading: false });
      },
    );
    return () => abort.abort();
  }, [connection, document, sent, attempt, refreshed]);

  return { ...state, retry };
}

/** Calls `onData` with each event of a subscription; gives why it ended, null while it goes on. */
export function useEvents<Data, Variables extends Record<string, unknown>>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
  onData: (data: Data) => void,
): GatewayError | null {
  const { connection } = useGateway();
  const [error, setError] = useState<GatewayError | null>(null);
  const listener = useRef(onData);
  listener.current = onData;
  const sent = JSON.stringify(variables);

  useEffect(() => {
    setError(null);
    return subscribe(connection, document, variables, (data) => listener.current(data), setError);
  }, [connection, document, sent]);

  return error;
}
