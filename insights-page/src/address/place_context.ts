// The place for components, and ways to others.
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import { fragmentOf, type Place } from "./place";
import type { Scope } from "./scope";

export interface Navigation {
  place: Place;
  /** When relative ranges end, in milliseconds since 1970. */
  now: number;
}

export const PlaceContext = createContext<Navigation | null>(null);

/** What changes of a place; `scope` in parts. Another view or item has no parameters of its own yet. */
export interface Change {
  view?: string;
  item?: string | null;
  namespace?: string | null;
  scope?: Partial<Scope>;
  parameters?: Readonly<Record<string, string | null>>;
}

export function usePlace(): Navigation & { hrefOf: (change: Change) => string; go: (change: Change) => void } {
  const navigation = useContext(PlaceContext);
  if (navigation === null) throw new Error("There is no place around this component");
  const hrefOf = (change: Change) => fragmentOf(changed(navigation.place, change));
  return { ...navigation, hrefOf, go: (change) => location.assign(hrefOf(change)) };
}

/** The place after a change. Pages of a list begin anew wherever anything else changes. */
export function changed(place: Place, change: Change): Place {
  const moves = change.view !== undefined || change.item !== undefined;
  const kept = moves ? {} : place.parameters;
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...kept, after: null, ...change.parameters })) {
    if (value !== null) parameters[name] = value;
  }
  return {
    view: change.view ?? place.view,
    item: change.item === undefined ? (change.view === undefined ? place.item : null) : change.item,
    namespace: change.namespace === undefined ? place.namespace : change.namespace,
    scope: { ...place.scope, ...change.scope },
    parameters,
  };
}
