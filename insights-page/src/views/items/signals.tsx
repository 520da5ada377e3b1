// What people's reactions say of an item, of late more than long ago.
import { usePlace } from "../../address/place_context";
import { graphql, type ResultOf } from "../../gateway/graphql";
import { count, mean } from "../../numbers/format";
import { Measure, Measures } from "../../parts/measure";
import { Slider } from "../../parts/slider";

export const ItemSignals = graphql(`
  fragment ItemSignals on FeatureSignals @_unmask {
    score
    feedback
    popularity
    positives
    negatives
    skips
    interactions
  }
`);

type ItemSignals = ResultOf<typeof ItemSignals>;

const [MIN, MAX, USUAL] = [1, 60, 7];

/** The half-life in days that the address names. */
export function halfLifeOf(parameters: Readonly<Record<string, string>>): number {
  const days = Number(parameters["halfLife"] ?? USUAL);
  return Number.isInteger(days) && days >= MIN && days <= MAX ? days : USUAL;
}

const MEASURES = [
  { field: "score", name: "Score", note: "from −1 to 1" },
  { field: "feedback", name: "Feedback", note: "from −1 to 1" },
  { field: "popularity", name: "Popularity", note: "from 0 to 1" },
  { field: "positives", name: "Positives", note: "decayed and weighed" },
  { field: "negatives", name: "Negatives", note: "decayed and weighed" },
  { field: "skips", name: "Skips", note: "decayed" },
] as const;

export function Signals({ signals, until }: { signals: ItemSignals; until: string | null }) {
  const { place, go } = usePlace();
  const { parameters } = place;
  return (
    <section aria-labelledby="signals">
      <div class="tools">
        <h2 id="signals">Signals</h2>
        <Slider
          title="Half-life"
          value={halfLifeOf(parameters)}
          min={MIN}
          max={MAX}
          format={(days) => (days === 1 ? "1 day" : `${days} days`)}
          choose={(days) => go({ parameters: { halfLife: days === USUAL ? null : String(days), after: parameters["after"] ?? null } })}
        />
      </div>
      <p class="note">
        After a half-life a reaction counts half. These are of all {count(signals.interactions)} interactions with the item
        {until !== null && " until the end of the range"}, whatever the filters.
      </p>
      <Measures>
        {MEASURES.map(({ field, name, note }) => (
          <Measure key={field} name={name} of={`FeatureSignals.${field}`} value={mean(signals[field])}>
            <span class="change">{note}</span>
          </Measure>
        ))}
      </Measures>
    </section>
  );
}
