// Ways to see a view, as links: whichever is current stands in the address.
export interface Choice {
  title: string;
  href: string;
  isCurrent: boolean;
  /** The field of the schema that defines what it goes by, such as "InteractionStats.coec". */
  of?: string;
}

export function Choices({ label, choices }: { label: string; choices: readonly Choice[] }) {
  return (
    <ul class="choices" aria-label={label}>
      {choices.map(({ title, href, isCurrent, of }) => (
        <li key={title}>
          <a href={href} aria-current={isCurrent ? "true" : undefined} data-definition={of}>
            {title}
          </a>
        </li>
      ))}
    </ul>
  );
}
