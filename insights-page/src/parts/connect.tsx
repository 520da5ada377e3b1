// Asks for a key, and tries it before anything else is asked.
import { useState } from "preact/hooks";

import type { Connection } from "../gateway/connection";
import { GatewayError } from "../gateway/gateway_error";
import { Failure } from "./view";

interface ConnectProps {
  /** What is known already, to begin with. */
  given: Connection;
  error: GatewayError | null;
  connect: (connection: Connection, isRemembered: boolean) => Promise<void>;
}

export function Connect({ given, error, connect }: ConnectProps) {
  const [failure, setFailure] = useState(error);
  const [isTrying, setTrying] = useState(false);
  const submit = async (form: HTMLFormElement) => {
    const said = new FormData(form);
    const namespace = String(said.get("namespace") ?? "").trim();
    setTrying(true);
    setFailure(null);
    try {
      await connect({ key: String(said.get("key") ?? "").trim(), namespace: namespace || null }, said.has("remember"));
    } catch (reason) {
      setFailure(reason instanceof GatewayError ? reason : new GatewayError(String(reason), "ERROR"));
      setTrying(false);
    }
  };
  return (
    <main class="connect">
      <h1>Search insights</h1>
      <p>What people search for, what they find, and what they do with it: from the gateway’s public API, with your own key.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <label>
          Key
          <input name="key" type="password" required autocomplete="off" placeholder="sk_…" defaultValue={given.key} />
        </label>
        <label>
          Namespace <small>(name or id; the key’s own where empty)</small>
          <input name="namespace" autocomplete="off" defaultValue={given.namespace ?? ""} />
        </label>
        <label class="choice">
          <input name="remember" type="checkbox" /> Keep the key in this browser, until you disconnect
        </label>
        <button type="submit" disabled={isTrying}>
          {isTrying ? "Connecting …" : "Connect"}
        </button>
      </form>
      {failure && <Failure error={failure} />}
    </main>
  );
}
