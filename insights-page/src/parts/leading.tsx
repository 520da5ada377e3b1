// The first few of something, each a link with its number, and the way to all of them.
import { Defined } from "./definition";

export interface LeadingItem {
  name: string;
  href: string;
  value: string;
}

interface LeadingProps {
  title: string;
  /** The field of the schema that defines the number, and by which they are ordered. */
  of: string;
  items: readonly LeadingItem[];
  /** Where all of them stand. */
  all: string;
  /** What is said where there are none. */
  none: string;
}

export function Leading({ title, of, items, all, none }: LeadingProps) {
  return (
    <section>
      <h2>
        <Defined of={of}>{title}</Defined>
      </h2>
      {items.length === 0 ? (
        <p class="note">{none}</p>
      ) : (
        <ol class="counted">
          {items.map(({ name, href, value }) => (
            <li key={name}>
              <a href={href}>{name}</a>
              <span class="number">{value}</span>
            </li>
          ))}
        </ol>
      )}
      <p class="note">
        <a href={all}>All of them</a>
      </p>
    </section>
  );
}
