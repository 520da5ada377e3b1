// What the gateway says of itself to its pages.
export interface Settings {
  /** Whether the address may hold a key: only in the demo, as elsewhere a link could make a visitor use another's. */
  takesKey: boolean;
  graphiql: boolean;
  insights: boolean;
  documentation: string | null;
}

export function readSettings(): Settings {
  return JSON.parse(document.getElementById("settings")?.textContent ?? "null") as Settings;
}
