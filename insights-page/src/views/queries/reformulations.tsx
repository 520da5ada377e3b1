// Which texts people tried instead of a text, and which they had tried before it.
import { usePlace } from "../../address/place_context";
import { type FragmentOf, graphql, readFragment } from "../../gateway/graphql";
import { count } from "../../numbers/format";

/** Of searches that were reformulated. */
export const LaterSearch = graphql(`
  fragment LaterSearch on SearchRequestConnection {
    totalCount
    nodes { outcome { next { text } } }
  }
`);

/** Of any searches. */
export const EarlierSearch = graphql(`
  fragment EarlierSearch on SearchRequestConnection {
    totalCount
    nodes { outcome { previous { text outcome { reformulated } } } }
  }
`);

interface ReformulationsProps {
  later: FragmentOf<typeof LaterSearch>;
  earlier: FragmentOf<typeof EarlierSearch>;
}

export function Reformulations({ later, earlier }: ReformulationsProps) {
  const after = readFragment(LaterSearch, later);
  const before = readFragment(EarlierSearch, earlier);
  const next = after.nodes.flatMap((search) => search?.outcome.next?.text ?? []);
  const previous = before.nodes.flatMap((search) => {
    const earlierSearch = search?.outcome.previous;
    return earlierSearch?.outcome.reformulated ? earlierSearch.text : [];
  });
  return (
    <div class="beside even">
      <Texts
        id="later"
        title="Reformulated as"
        of="SearchOutcome.reformulated"
        texts={next}
        basis={`Searched next, of ${basisOf(after.totalCount, after.nodes.length)} that were reformulated.`}
        nothing="Nobody tried other words soon after this text without a click."
      />
      <Texts
        id="earlier"
        title="Reformulated from"
        of="SearchOutcome.reformulated"
        texts={previous}
        basis={`Reformulated just before, of ${basisOf(before.totalCount, before.nodes.length)} for this text.`}
        nothing={`Of ${basisOf(before.totalCount, before.nodes.length)} for this text, none came soon after another without a click.`}
      />
    </div>
  );
}

interface TextsProps {
  id: string;
  title: string;
  of: string;
  texts: readonly string[];
  /** Of what the texts are counted. */
  basis: string;
  nothing: string;
}

const SHOWN = 10;

function Texts({ id, title, of, texts, basis, nothing }: TextsProps) {
  const { hrefOf } = usePlace();
  const counted = countedOf(texts);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        <span class="defined" tabIndex={0} data-definition={of}>
          {title}
        </span>
      </h2>
      {counted.length === 0 ? (
        <p class="empty">{nothing}</p>
      ) : (
        <>
          <p class="note">{basis}</p>
          <ol class="counted">
            {counted.slice(0, SHOWN).map(([text, times]) => (
              <li key={text}>
                {text === "" ? <i>without a text</i> : <a href={hrefOf({ view: "queries", item: text })}>{text}</a>}
                <span class="number">{count(times)}</span>
              </li>
            ))}
          </ol>
          {counted.length > SHOWN && <p class="note">And {count(counted.length - SHOWN)} others, less often.</p>}
        </>
      )}
    </section>
  );
}

/** Texts with how often each is there, the most frequent first; spelled as the API groups by them. */
export function countedOf(texts: readonly string[]): [text: string, times: number][] {
  const counts = new Map<string, number>();
  for (const typed of texts) {
    const text = typed.trim().replace(/\s+/g, " ").toLowerCase();
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].sort(([text, times], [other, others]) => others - times || text.localeCompare(other));
}

function basisOf(totalCount: number | null, listed: number): string {
  if (totalCount !== null && totalCount <= listed) return listed === 1 ? "the one search request" : `all ${count(listed)} search requests`;
  return `the latest ${count(listed)} of ${totalCount === null ? "the" : count(totalCount)} search requests`;
}
