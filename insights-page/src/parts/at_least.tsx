// A lower limit that people type: a whole number, 0 for none.
interface AtLeastProps {
  title: string;
  value: number;
  choose: (value: number) => void;
}

const HIGHEST = 2 ** 31 - 1;

/** The limit that the address names; none where it says nothing or nonsense. */
export function limitOf(text: string | undefined): number {
  const value = Number(text ?? 0);
  return Number.isInteger(value) && value >= 0 && value <= HIGHEST ? value : 0;
}

export function AtLeast({ title, value, choose }: AtLeastProps) {
  return (
    <label class="at-least">
      {title}
      <input
        // Anew for each limit, so that it says what the address does.
        key={value}
        type="number"
        min={0}
        max={HIGHEST}
        step={1}
        inputMode="numeric"
        value={value}
        onChange={({ currentTarget }) => {
          if (currentTarget.reportValidity()) choose(limitOf(currentTarget.value));
        }}
      />
    </label>
  );
}
