// How finely positions are told apart: the first position of each bucket, as the API takes them.
import { useRef } from "preact/hooks";

import { usePlace } from "../../address/place_context";
import { USUAL_EDGES } from "../../parts/by_position";
import { Choices } from "../../parts/choices";

const upTo = (end: number): number[] => Array.from({ length: end }, (_, position) => position);

const CHOICES: readonly { title: string; edges: readonly number[] }[] = [
  { title: "Coarse", edges: [0, 1, 3, 10, 20] },
  { title: "Usual", edges: USUAL_EDGES },
  { title: "Fine", edges: [...upTo(20), 20, 30, 40, 50] },
];

const textOf = (edges: readonly number[]): string => edges.join(", ");

/** The edges that a text names; null where it isn't whole numbers from 0, ascending. */
export function edgesIn(text: string | undefined): readonly number[] | null {
  const edges = (text ?? "").split(",").map((part) => (/^\s*\d{1,9}\s*$/.test(part) ? Number(part) : NaN));
  const isAscending = edges.every((edge, index) => index === 0 || edge > (edges[index - 1] ?? NaN));
  return isAscending && !edges.includes(NaN) ? edges : null;
}

export function Edges({ edges }: { edges: readonly number[] }) {
  const { go, hrefOf } = usePlace();
  const input = useRef<HTMLInputElement>(null);
  const parametersOf = (chosen: readonly number[]) => ({
    edges: textOf(chosen) === textOf(USUAL_EDGES) ? null : chosen.join(","),
  });
  const apply = () => {
    if (!input.current) return;
    const typed = edgesIn(input.current.value);
    input.current.setCustomValidity(typed ? "" : "Whole numbers from 0, in ascending order, such as 0, 1, 3, 10");
    if (input.current.reportValidity() && typed) go({ parameters: parametersOf(typed) });
  };
  return (
    <form
      class="tools"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <Choices
        label="How finely positions are told apart"
        choices={CHOICES.map(({ title, edges: chosen }) => ({
          title,
          href: hrefOf({ parameters: parametersOf(chosen) }),
          isCurrent: textOf(chosen) === textOf(edges),
        }))}
      />
      <label class="edges">
        Buckets begin at
        <input
          ref={input}
          // Anew for each choice, so that it says what the address does.
          key={textOf(edges)}
          value={textOf(edges)}
          autocomplete="off"
          onInput={({ currentTarget }) => currentTarget.setCustomValidity("")}
          onChange={apply}
        />
      </label>
    </form>
  );
}
