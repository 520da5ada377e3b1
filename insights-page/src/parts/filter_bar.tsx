// One filter bar for all views: what it says stands in the address.
import { useRef } from "preact/hooks";

import { usePlace } from "../address/place_context";
import { isDate, isZone, type Range } from "../address/period";
import { localZone } from "../address/place";
import type { Scope } from "../address/scope";
import { useGateway } from "../gateway/gateway_context";

const RANGES: readonly (readonly [string, string])[] = [
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
  ["90d", "Last 90 days"],
  ["between", "Between …"],
];

export function FilterBar() {
  const { place, go, hrefOf } = usePlace();
  const { refresh } = useGateway();
  const { scope } = place;
  const form = useRef<HTMLFormElement>(null);
  const apply = () => {
    if (!form.current) return;
    const said = new FormData(form.current);
    go({ scope: scopeOf((name) => String(said.get(name) ?? "").trim(), scope) });
  };
  const isBetween = typeof scope.range === "object";
  const chips = chipsOf(scope);
  return (
    <div class="filters">
      <form
        ref={form}
        // Anew for each place, so that it says what the address does.
        key={JSON.stringify(scope)}
        aria-label="Filters"
        onSubmit={(event) => {
          event.preventDefault();
          apply();
        }}
      >
        <label>
          <span>Time ({scope.zone})</span>
          <select
            name="range"
            value={isBetween ? "between" : String(scope.range)}
            onChange={({ currentTarget }) => {
              if (currentTarget.value === "between") go({ scope: { range: daysOf(scope.zone) } });
              else go({ scope: { range: currentTarget.value as Range } });
            }}
          >
            {RANGES.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {typeof scope.range === "object" && (
          <>
            <label>
              From
              <input type="date" name="from" value={scope.range.from} onChange={apply} />
            </label>
            <label>
              To
              <input type="date" name="to" value={scope.range.to} onChange={apply} />
            </label>
          </>
        )}
        <details class="more">
          <summary>Filters{chips.length > 0 && ` (${chips.length})`}</summary>
          <div class="fields">
            <label>
              Zone
              <input name="zone" list="zones" value={scope.zone} onChange={apply} />
              <datalist id="zones">
                {["UTC", localZone(), ...Intl.supportedValuesOf("timeZone")].map((zone) => (
                  <option key={zone} value={zone} />
                ))}
              </datalist>
            </label>
            <Field name="text" title="Searched text" value={scope.text} placeholder="running shoes" />
            <Field name="collection" title="Collection" value={scope.collection} />
            <Field name="filter" title="Filter key" value={scope.condition?.key ?? null} placeholder="color" />
            <Field name="value" title="Filter value" value={scope.condition?.value ?? null} placeholder="navy" />
            <Field name="user" title="User" value={scope.user} />
            <Field name="metadata" title="Metadata path" value={scope.metadata?.path ?? null} placeholder="device.os" />
            <Field name="equals" title="Metadata value" value={scope.metadata?.value ?? null} placeholder="ios" />
            <button type="submit">Apply</button>
          </div>
        </details>
        <button type="button" onClick={refresh}>
          Refresh
        </button>
      </form>
      {chips.length > 0 && (
        <div class="in-force">
          <ul class="chips" aria-label="Filters in force">
            {chips.map(({ title, without }) => (
              <li key={title}>
                {title}
                <button type="button" aria-label={`Remove ${title}`} onClick={() => go({ scope: without })}>
                  ×
                </button>
              </li>
            ))}
          </ul>
          {place.view !== "saved" && <a href={hrefOf({ view: "saved" })}>Save these filters</a>}
        </div>
      )}
    </div>
  );
}

const Field = ({ name, title, value, placeholder }: { name: string; title: string; value: string | null; placeholder?: string }) => (
  <label>
    {title}
    <input name={name} value={value ?? ""} placeholder={placeholder} autocomplete="off" spellcheck={false} />
  </label>
);

/** What the form says; what makes no sense stays as it was. */
function scopeOf(said: (name: string) => string, scope: Scope): Scope {
  const [from, to] = [said("from"), said("to")];
  const zone = said("zone");
  return {
    range: typeof scope.range === "object" && isDate(from) && isDate(to) && from <= to ? { from, to } : scope.range,
    zone: zone && isZone(zone) ? zone : scope.zone,
    text: said("text") || null,
    collection: said("collection") || null,
    condition: said("filter") ? { key: said("filter"), value: said("value") || null } : null,
    user: said("user") || null,
    metadata: said("metadata") ? { path: said("metadata"), value: said("equals") } : null,
  };
}

function chipsOf({ text, collection, condition, user, metadata }: Scope): { title: string; without: Partial<Scope> }[] {
  const chips: { title: string; without: Partial<Scope> }[] = [];
  if (text !== null) chips.push({ title: `text “${text}”`, without: { text: null } });
  if (collection !== null) chips.push({ title: `collection ${collection}`, without: { collection: null } });
  if (condition) {
    const { key, value } = condition;
    chips.push({ title: value === null ? `filter ${key}` : `filter ${key} = ${value}`, without: { condition: null } });
  }
  if (user !== null) chips.push({ title: `user ${user}`, without: { user: null } });
  if (metadata) chips.push({ title: `${metadata.path} = ${metadata.value}`, without: { metadata: null } });
  return chips;
}

/** The seven days up to today, to begin with. */
function daysOf(zone: string): { from: string; to: string } {
  const day = (milliseconds: number) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(milliseconds);
  return { from: day(Date.now() - 6 * 86_400_000), to: day(Date.now()) };
}
