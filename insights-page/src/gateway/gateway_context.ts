// What every view asks with.
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Connection } from "./connection";
import type { GatewayError } from "./gateway_error";

/**
 * `refreshed`: when the user last wished for new numbers, in milliseconds since 1970; relative ranges end then.
 * `refresh`: asks for everything shown anew, as of now.
 * `refuse`: says that the key isn't taken any longer.
 */
export interface GatewayAccess {
  connection: Connection;
  permissions: readonly string[];
  refreshed: number;
  refresh: () => void;
  refuse: (error: GatewayError) => void;
}

export const GatewayContext = createContext<GatewayAccess | null>(null);

export function useGateway(): GatewayAccess {
  const access = useContext(GatewayContext);
  if (access === null) throw new Error("There is no connection around this component");
  return access;
}
