// What a saved filter matched, as it is listed and as it arrives.
import { graphql, type ResultOf } from "../../gateway/graphql";

export const MatchFields = graphql(`
  fragment MatchFields on PercolatorMatch @_unmask {
    matchedAt
    matched
    interaction {
      interactionId
      interactionType
      featureId
      position
      sessionId
      searchRequest { text }
    }
  }
`);

export type Match = ResultOf<typeof MatchFields>;

/**
 * What has arrived, the newest first, since the page `listed` of the newest was answered: an event may be of what that
 * has already, or older, where it was asked again.
 */
export function newerOf(arrived: readonly Match[], listed: readonly Match[]): Match[] {
  const known = new Set(listed.map(({ interaction }) => interaction.interactionId));
  const [newest] = listed;
  const end = arrived.findIndex(
    ({ interaction, matchedAt }) => known.has(interaction.interactionId) || (newest !== undefined && matchedAt < newest.matchedAt),
  );
  return arrived.slice(0, end < 0 ? arrived.length : end);
}
