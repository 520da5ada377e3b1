// The page: who asks, where the user is, and the view that is there.
import type { ComponentType } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";

import { type Place, fragmentOf, placeOf } from "./address/place";
import { changed, PlaceContext } from "./address/place_context";
import { type Connection, remember, rememberedConnection } from "./gateway/connection";
import { GatewayContext } from "./gateway/gateway_context";
import { GatewayError } from "./gateway/gateway_error";
import { graphql, type ResultOf } from "./gateway/graphql";
import { ask } from "./gateway/requests";
import { Connect } from "./parts/connect";
import { DefinitionBubble } from "./parts/definition";
import { FilterBar } from "./parts/filter_bar";
import { Failure } from "./parts/view";
import { views } from "./views";

const ViewerDocument = graphql(`
  query Viewer {
    viewer {
      keyName
      permissions
      organization { name }
      namespace { name }
      namespaces { name }
    }
  }
`);

type Viewer = ResultOf<typeof ViewerDocument>["viewer"];

/** `given`: from the address of a demo. */
export function Application({ given }: { given: Connection | null }) {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  const [initial] = useState(() => given ?? rememberedConnection());
  const [session, setSession] = useState<{ connection: Connection; viewer: Viewer } | null>(null);
  const [failure, setFailure] = useState<GatewayError | null>(null);
  const [isTrying, setTrying] = useState(initial !== null);
  const [refreshed, setRefreshed] = useState(() => Date.now());

  const connect = useCallback(async (connection: Connection, isRemembered: boolean) => {
    const { viewer } = await ask(connection, ViewerDocument, {});
    if (isRemembered) remember(connection);
    setFailure(null);
    setSession({ connection, viewer });
    // The address says which namespace its numbers are of.
    history.replaceState(null, "", fragmentOf({ ...placeOf(location.hash), namespace: viewer.namespace.name }));
    setPlace(placeOf(location.hash));
  }, []);

  useEffect(() => {
    const follow = () => setPlace(placeOf(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);

  // Another view, or another item, is seen from its top.
  useEffect(() => scrollTo(0, 0), [place.view, place.item]);

  useEffect(() => {
    if (initial === null) return;
    const asked = { ...initial, namespace: placeOf(location.hash).namespace ?? initial.namespace };
    connect(asked, false)
      .catch((reason: unknown) => setFailure(reason instanceof GatewayError ? reason : new GatewayError(String(reason), "ERROR")))
      .finally(() => setTrying(false));
  }, [connect, initial]);

  const namespace = place.namespace ?? session?.connection.namespace ?? null;
  const access = useMemo(
    () =>
      session && {
        connection: { ...session.connection, namespace },
        permissions: session.viewer.permissions,
        refreshed,
        refresh: () => setRefreshed(Date.now()),
        refuse: (error: GatewayError) => {
          setFailure(error);
          setSession(null);
        },
      },
    [session, namespace, refreshed],
  );

  if (access === null || session === null) {
    if (isTrying) return <p role="status">Connecting …</p>;
    // An address that somebody shared says which namespace its numbers are of.
    return <Connect given={{ key: initial?.key ?? "", namespace: namespace ?? initial?.namespace ?? null }} error={failure} connect={connect} />;
  }
  const disconnect = () => {
    remember(null);
    setSession(null);
    setFailure(null);
  };
  return (
    <GatewayContext.Provider value={access}>
      <PlaceContext.Provider value={{ place, now: refreshed }}>
        <a class="skip" href="#title" onClick={skipToTitle}>
          Skip to the numbers
        </a>
        <Header place={place} viewer={session.viewer} disconnect={disconnect} />
        <main>
          <FilterBar />
          <CurrentView path={place.view} />
          <DefinitionBubble />
        </main>
      </PlaceContext.Provider>
    </GatewayContext.Provider>
  );
}

function skipToTitle(event: Event): void {
  event.preventDefault();
  document.getElementById("title")?.focus();
}

function Header({ place, viewer, disconnect }: { place: Place; viewer: Viewer; disconnect: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const namespace = place.namespace ?? viewer.namespace.name;
  const names = viewer.namespaces.map(({ name }) => name);
  return (
    <header class="page">
      <p class="brand">Insights</p>
      <button type="button" class="menu" aria-expanded={isOpen} aria-controls="views" onClick={() => setOpen(!isOpen)}>
        Menu
      </button>
      <div id="views" class={isOpen ? "open" : undefined}>
        <nav aria-label="Views">
          {views.map(({ path, title }) => (
            <a
              key={path}
              href={fragmentOf(changed(place, { view: path }))}
              aria-current={path === place.view ? "page" : undefined}
              onClick={() => setOpen(false)}
            >
              {title}
            </a>
          ))}
        </nav>
        <div class="account">
          <label>
            Namespace
            <select
              value={namespace}
              onChange={({ currentTarget }) =>
                location.assign(fragmentOf(changed(place, { view: place.view, namespace: currentTarget.value })))
              }
            >
              {(names.includes(namespace) ? names : [namespace, ...names]).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <p>
            {viewer.organization.name}, key {viewer.keyName}
          </p>
          <button type="button" onClick={disconnect}>
            Disconnect
          </button>
        </div>
      </div>
    </header>
  );
}

function CurrentView({ path }: { path: string }) {
  const [loaded, setLoaded] = useState<{ path: string; View: ComponentType } | null>(null);
  const [failure, setFailure] = useState<GatewayError | null>(null);
  const view = views.find((entry) => entry.path === path);

  useEffect(() => {
    let isCurrent = true;
    setFailure(null);
    document.title = `${view?.title ?? "Not found"} · Search insights`;
    view?.load().then(
      (module) => isCurrent && setLoaded({ path, View: module.default }),
      () => isCurrent && setFailure(new GatewayError("This part of the page couldn't be loaded.", "UNREACHABLE")),
    );
    return () => {
      isCurrent = false;
    };
  }, [path, view]);

  if (!view) return <p class="empty">There is no view “{path}”.</p>;
  if (failure) return <Failure error={failure} retry={() => location.reload()} />;
  if (loaded?.path !== path) return <div role="status" class="loading" />;
  const { View } = loaded;
  return <View />;
}
