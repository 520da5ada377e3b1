// Which columns a table has: as chosen by the user, else the usual ones. The choice stands in the address.
import { usePlace } from "../address/place_context";

interface Choosable {
  /** In the address. */
  name: string;
  title: string;
  /** The field of the schema that defines it. */
  of: string;
}

const PARAMETER = "columns";

/** The names of the columns that the address chooses, in the order in which they are offered. */
export function chosenColumns<Name extends string>(
  parameters: Readonly<Record<string, string>>,
  offered: readonly Name[],
  usual: readonly Name[],
): readonly Name[] {
  const names = new Set(parameters[PARAMETER]?.split(","));
  const chosen = offered.filter((name) => names.has(name));
  return chosen.length > 0 ? chosen : usual;
}

export function ColumnChoice({ offered, chosen }: { offered: readonly Choosable[]; chosen: readonly string[] }) {
  const { place, go } = usePlace();
  const choose = (name: string, isChosen: boolean) => {
    const names = offered.map((column) => column.name).filter((other) => (other === name ? isChosen : chosen.includes(other)));
    go({ parameters: { [PARAMETER]: names.join(",") || null, after: place.parameters["after"] ?? null } });
  };
  return (
    <details class="columns">
      <summary>Columns</summary>
      <fieldset>
        <legend class="unseen">Columns of the table</legend>
        {offered.map(({ name, title, of }) => (
          <label key={name} class="choice">
            <input type="checkbox" checked={chosen.includes(name)} onChange={({ currentTarget }) => choose(name, currentTarget.checked)} />
            <span data-definition={of}>{title}</span>
          </label>
        ))}
        <button type="button" onClick={() => go({ parameters: { [PARAMETER]: null, after: place.parameters["after"] ?? null } })}>
          The usual ones
        </button>
      </fieldset>
    </details>
  );
}
