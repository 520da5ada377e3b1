// What the page that opened this one hands over: an operation in the fragment of the address, where no server is told of
// it, and the headers to send it with, in a variable of its own window.

const MOST_CHARACTERS = 100_000;
const tooLong = "# The operation of the link was left out: it has more than 100,000 characters.\n";

/**
 * The operation, as one of GraphiQL's tabs; null where there is none.
 *
 * Anybody may write such a link. So nothing of it is read here, not even whether the variables are JSON; it is text for
 * the editors, of which somebody sees what they run.
 */
export function operationIn(fragment) {
  const query = fragment.get("query");
  if (!query) return null;
  const variables = fragment.get("variables") ?? "";
  return query.length + variables.length > MOST_CHARACTERS ? { query: tooLong, variables: "" } : { query, variables };
}

/** The object `graphiqlHeaders` of the window that opened this one; null where a page of another origin did, or none. */
export function headersOfOpener() {
  try {
    // Throws where the origin is another. There `graphiqlHeaders` could be read: a frame of that name.
    if (opener.location.origin !== location.origin) return null;
    return Object.fromEntries(Object.entries(opener.graphiqlHeaders).filter(([, value]) => typeof value === "string"));
  } catch {
    return null;
  }
}
