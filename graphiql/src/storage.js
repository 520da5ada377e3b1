// What stays in this browser: tabs, history, theme. Headers don't, nor the key in them; GraphiQL's history, for one, would
// keep those of each operation.
import { createLocalStorage } from "@graphiql/toolkit";

const storage = createLocalStorage({ namespace: "search-interactions" });
const { setItem } = storage;
const withoutHeaders = (name, value) => (name === "headers" ? undefined : value);

storage.setItem = (name, value) => {
  const isList = /:(queries|favorites)$/.test(name);
  setItem(name, isList ? JSON.stringify(JSON.parse(value), withoutHeaders) : value);
};

export { storage };
