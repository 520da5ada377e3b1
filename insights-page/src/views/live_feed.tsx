// What is being recorded, the newest first, as it happens.
import { useEffect, useState } from "preact/hooks";

import { usePlace } from "../address/place_context";
import type { InteractionWhere } from "../address/scope";
import { useEvents } from "../gateway/answers";
import { type FragmentOf, graphql, readFragment } from "../gateway/graphql";
import { moment, position, recently, word } from "../numbers/format";
import { Failure } from "../parts/view";

export const LatestInteraction = graphql(`
  fragment LatestInteraction on Interaction {
    interactionId
    interactionType
    featureId
    position
    occurredAt
    searchRequest { text }
  }
`);

const LiveDocument = graphql(
  `
    subscription Live($where: InteractionWhere) {
      interactionRecorded(where: $where) { ...LatestInteraction }
    }
  `,
  [LatestInteraction],
);

const LENGTH = 10;

interface LiveFeedProps {
  latest: readonly (FragmentOf<typeof LatestInteraction> | null)[];
  /** As the listing's; events come at any time. */
  where: InteractionWhere;
  zone: string;
}

export function LiveFeed({ latest, where: { occurredAt: _, ...where }, zone }: LiveFeedProps) {
  const { hrefOf } = usePlace();
  const [recorded, setRecorded] = useState<readonly FragmentOf<typeof LatestInteraction>[]>([]);
  useEffect(() => setRecorded([]), [latest]);
  const error = useEvents(LiveDocument, { where }, ({ interactionRecorded }) =>
    setRecorded((earlier) => [interactionRecorded, ...earlier].slice(0, LENGTH)),
  );
  const known = latest.filter((interaction) => interaction !== null);
  const shown = readFragment(LatestInteraction, [...recorded, ...known]).slice(0, LENGTH);
  return (
    <section aria-labelledby="live">
      <h2 id="live">
        Latest interactions{" "}
        <span class={error ? "pulse stopped" : "pulse"}>{error ? "stopped" : "live"}</span>
      </h2>
      {error && <Failure error={error} />}
      <ol class="feed" aria-live="off">
        {shown.map(({ interactionId, interactionType, featureId, position: at, occurredAt, searchRequest }, index) => (
          <li key={interactionId} class={index < recorded.length ? "new" : undefined}>
            <time dateTime={occurredAt} title={moment(occurredAt, zone)}>
              {recently(occurredAt, zone, Date.now())}
            </time>
            <span class="kind">{word(interactionType)}</span>
            <a href={hrefOf({ view: "items", item: featureId })}>{featureId}</a>
            {at !== null && <span>at position {position(at)}</span>}
            {searchRequest && searchRequest.text !== "" && (
              <span>
                for <a href={hrefOf({ view: "queries", item: searchRequest.text })}>{searchRequest.text}</a>
              </span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
