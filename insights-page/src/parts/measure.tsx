// A number with its name, its definition and its change against the period before.
import type { ComponentChildren } from "preact";

interface MeasureProps {
  name: string;
  /** The field of the schema that defines it, such as "SearchStats.searches". */
  of: string;
  value: string;
  /** Against the period before, as text; null where there is nothing to compare with. */
  change?: string | null;
  /** Whether a higher number is a better one; absent where neither is. */
  isHigherBetter?: boolean;
  /** What choosing it does; without it the number can't be chosen. */
  choose?: () => void;
  isChosen?: boolean;
  children?: ComponentChildren;
}

export const Measures = ({ children }: { children: ComponentChildren }) => <ul class="measures">{children}</ul>;

/** Said once, where none of the numbers has an earlier one. */
export const NothingBefore = () => <p class="note">There is nothing in the period before to compare with.</p>;

/** One of `Measures`. */
export function Measure({ name, of, value, change, isHigherBetter, choose, isChosen, children }: MeasureProps) {
  const content = (
    <>
      <span class="name">{name}</span>
      <strong>{value}</strong>
      {change !== undefined && <Change change={change} isHigherBetter={isHigherBetter} />}
      {children}
    </>
  );
  return (
    <li>
      {choose ? (
        <button type="button" class="measure" data-definition={of} aria-pressed={isChosen ?? false} onClick={choose}>
          {content}
        </button>
      ) : (
        <div class="measure" data-definition={of} tabIndex={0}>
          {content}
        </div>
      )}
    </li>
  );
}

function Change({ change, isHigherBetter }: { change: string | null; isHigherBetter: boolean | undefined }) {
  if (change === null) return <span class="change">nothing before</span>;
  const isUp = change.startsWith("+");
  const isDown = /^[-−]/.test(change);
  const isSame = !isUp && !isDown;
  const isBetter = isHigherBetter === undefined || isSame ? null : isUp === isHigherBetter;
  return (
    <span class={isBetter === null ? "change" : isBetter ? "change better" : "change worse"}>
      <span aria-hidden="true">{isUp ? "▲ " : isDown ? "▼ " : ""}</span>
      {change}
    </span>
  );
}
