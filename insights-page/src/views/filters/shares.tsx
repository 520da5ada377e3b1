// How many of the searches have each part, as a list with bars behind its numbers.
import { Defined } from "../../parts/definition";
import { count } from "../../numbers/format";

interface SharesProps {
  title: string;
  /** The field of the schema that defines the numbers. */
  of: string;
  /** Of how many searches the parts are; one search may be in several. */
  whole: number;
  parts: readonly { name: string; note: string; searches: number }[];
}

export const Shares = ({ title, of, whole, parts }: SharesProps) => (
  <section class="shares">
    <h3>
      <Defined of={of}>{title}</Defined>
    </h3>
    {parts.length === 0 && <p class="note">Not known of searches that were recorded long ago.</p>}
    <ul>
      {parts.map(({ name, note, searches }) => (
        <li key={name}>
          <span>
            {name} <small>{note}</small>
          </span>
          <span class="number">{count(searches)}</span>
          <meter min={0} max={whole} value={searches} aria-hidden="true" />
        </li>
      ))}
    </ul>
  </section>
);
