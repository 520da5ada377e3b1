// Where the user is: a view, what it shows and of which scope. All of it stands in the address, behind "#", which
// browsers send to no server: what is searched for stays out of the logs of proxies. The key never does.
import { isDate, isZone, type Range } from "./period";
import type { Scope } from "./scope";

/** `item`: what the view shows one of, such as a query's text; `parameters`: what belongs to this view alone. */
export interface Place {
  view: string;
  item: string | null;
  namespace: string | null;
  scope: Scope;
  parameters: Readonly<Record<string, string>>;
}

const RANGES = ["24h", "7d", "30d", "90d"] as const;
const DEFAULT_RANGE: Range = "30d";
const SCOPE_NAMES = new Set(["ns", "range", "from", "to", "zone", "text", "collection", "filter", "value", "user", "metadata", "equals"]);

export const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The place that a fragment names, with the usual where it says nothing or nonsense. */
export function placeOf(fragment: string): Place {
  const [path = "", query = ""] = splitOnce(fragment.replace(/^#?\/?/, ""), "?");
  const [view = "", item] = splitOnce(path, "/");
  const asked = new URLSearchParams(query);
  const zone = asked.get("zone");
  return {
    view: view || "overview",
    item: item ? decoded(item) : null,
    namespace: asked.get("ns") || null,
    scope: {
      range: rangeOf(asked),
      zone: zone && isZone(zone) ? zone : localZone(),
      text: asked.get("text"),
      collection: asked.get("collection"),
      condition: asked.get("filter") ? { key: asked.get("filter") ?? "", value: asked.get("value") } : null,
      user: asked.get("user"),
      metadata: asked.get("metadata") ? { path: asked.get("metadata") ?? "", value: asked.get("equals") ?? "" } : null,
    },
    parameters: Object.fromEntries([...asked].filter(([name]) => !SCOPE_NAMES.has(name))),
  };
}

/** The fragment that names a place, "#" included. */
export function fragmentOf({ view, item, namespace, scope, parameters }: Place): string {
  const query = new URLSearchParams();
  const say = (name: string, value: string | null | undefined) => {
    if (value !== null && value !== undefined) query.set(name, value);
  };
  say("ns", namespace);
  if (typeof scope.range === "object") {
    say("from", scope.range.from);
    say("to", scope.range.to);
  } else say("range", scope.range);
  say("zone", scope.zone);
  say("text", scope.text);
  say("collection", scope.collection);
  say("filter", scope.condition?.key);
  say("value", scope.condition?.value);
  say("user", scope.user);
  say("metadata", scope.metadata?.path);
  say("equals", scope.metadata?.value);
  for (const [name, value] of Object.entries(parameters)) say(name, value);
  return `#/${view}${item === null ? "" : `/${encodeURIComponent(item)}`}?${query}`;
}

function rangeOf(asked: URLSearchParams): Range {
  const [from, to] = [asked.get("from") ?? "", asked.get("to") ?? ""];
  if (isDate(from) && isDate(to) && from <= to) return { from, to };
  return RANGES.find((range) => range === asked.get("range")) ?? DEFAULT_RANGE;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
