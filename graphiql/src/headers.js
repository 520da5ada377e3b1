/** Whether there is a key among the headers: not the template's, nor one that is only begun. */
export const holdKey = (headers) =>
  Object.entries(headers ?? {}).some(
    ([name, value]) => name.toLowerCase() === "authorization" && /^Bearer [^\s<]+$/i.test(value),
  );

/** As the header editor shows them. */
export const written = (headers) => JSON.stringify(headers, null, 2);

/** What the header editor's text says; null while it is being written. */
export function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
