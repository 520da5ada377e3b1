// Which sessions are listed, by what became of them: as the address says.
import { usePlace } from "../../address/place_context";
import type { SessionWhere } from "../../address/scope";

const OUTCOMES = [
  { field: "clicked", title: "Clicked" },
  { field: "converted", title: "Converted" },
  { field: "abandoned", title: "Abandoned" },
] as const;

const SEARCHES = ["1", "2", "3", "5", "10"];

/** What the parameters of the address narrow; what makes no sense there narrows nothing. */
export function narrowingOf(parameters: Readonly<Record<string, string>>): SessionWhere {
  const where: SessionWhere = {};
  for (const { field } of OUTCOMES) {
    const chosen = parameters[field];
    if (chosen === "yes" || chosen === "no") where[field] = chosen === "yes";
  }
  const searches = parameters["searches"] ?? "";
  if (/^\d{1,6}$/.test(searches)) where.searches = { gte: Number(searches) };
  return where;
}

export function SessionFilters() {
  const { place, go } = usePlace();
  const { parameters } = place;
  const choose = (name: string, value: string) => go({ parameters: { [name]: value || null } });
  return (
    <form class="session-filters" aria-label="Which sessions" onSubmit={(event) => event.preventDefault()}>
      {OUTCOMES.map(({ field, title }) => (
        <label key={field}>
          {title}
          <select value={parameters[field] ?? ""} onChange={({ currentTarget }) => choose(field, currentTarget.value)}>
            <option value="">any</option>
            <option value="yes">yes</option>
            <option value="no">no</option>
          </select>
        </label>
      ))}
      <label>
        Searches
        <select value={parameters["searches"] ?? ""} onChange={({ currentTarget }) => choose("searches", currentTarget.value)}>
          <option value="">any number</option>
          {SEARCHES.map((number) => (
            <option key={number} value={number}>
              {number} or more
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}
