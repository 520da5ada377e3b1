// Which of the searched texts are listed: those that contain something, and those that are searched for often enough.
import { useRef } from "preact/hooks";

import { usePlace } from "../../address/place_context";

interface TextFilterProps {
  contains: string | null;
  /** 1 where nothing is left out. */
  minSearches: number;
}

export function textFilterOf(parameters: Readonly<Record<string, string>>): TextFilterProps {
  const min = parameters["min"] ?? "";
  return { contains: parameters["contains"] || null, minSearches: /^[1-9]\d{0,8}$/.test(min) ? Number(min) : 1 };
}

export function TextFilter({ contains, minSearches }: TextFilterProps) {
  const { go } = usePlace();
  const form = useRef<HTMLFormElement>(null);
  const apply = () => {
    if (!form.current?.reportValidity()) return;
    const said = new FormData(form.current);
    const min = String(said.get("min") ?? "");
    go({ parameters: { contains: String(said.get("contains") ?? "").trim() || null, min: min === "" || min === "1" ? null : min } });
  };
  return (
    <form
      ref={form}
      class="text-filter"
      aria-label="Which texts"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <label>
        Text contains
        <input type="search" name="contains" value={contains ?? ""} maxLength={200} autocomplete="off" spellcheck={false} onChange={apply} />
      </label>
      <label>
        Searches at least
        <input type="number" name="min" min={1} max={999_999_999} step={1} value={minSearches} onChange={apply} />
      </label>
    </form>
  );
}
