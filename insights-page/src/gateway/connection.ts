// Who asks, and where: held by this tab, and by the browser only where the user wishes so.

/** `namespace`: a name or an id; null for the key's default. */
export interface Connection {
  key: string;
  namespace: string | null;
}

const STORED = "search-interactions:connection";

export const headersOf = ({ key, namespace }: Connection): Record<string, string> => ({
  Authorization: `Bearer ${key}`,
  ...(namespace !== null && { "X-Namespace": namespace }),
});

export function rememberedConnection(): Connection | null {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? "null");
    return isConnection(stored) ? stored : null;
  } catch {
    // The browser keeps nothing for this page, or something else was kept.
    return null;
  }
}

export function remember(connection: Connection | null): void {
  try {
    if (connection === null) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, JSON.stringify(connection));
  } catch {
    // The page works as well without.
  }
}

function isConnection(value: unknown): value is Connection {
  if (typeof value !== "object" || value === null) return false;
  const { key, namespace } = value as Record<string, unknown>;
  return typeof key === "string" && (namespace === null || typeof namespace === "string");
}
