// Where a visitor begins: links to what this gateway has.
import { render } from "preact";

import { readSettings } from "./settings";
import "./styles/page.css";

const { takesKey, graphiql, insights, documentation } = readSettings();
// In the demo the address holds a key, which each of the pages takes.
const fragment = takesKey ? location.hash : "";
history.replaceState(null, "", location.pathname);

const root = document.getElementById("start");
if (root) {
  render(
    <main class="start">
      <h1>Search interactions</h1>
      <p>What people searched for, what they found and what they did with it.</p>
      <ul>
        {insights && (
          <li>
            <a href={`insights${fragment}`}>Insights</a>
            <p>Rates, queries, items, positions, filters, sessions and experiments, to look at.</p>
          </li>
        )}
        {graphiql && (
          <li>
            <a href={`graphql${fragment}`}>GraphiQL</a>
            <p>The GraphQL API to try: the schema’s documentation, examples, and an explorer.</p>
          </li>
        )}
        <li>
          <a href="openapi.json">OpenAPI</a>
          <p>The REST endpoints, described for tools.</p>
        </li>
        {documentation !== null && (
          <li>
            <a href={documentation}>Documentation</a>
            <p>How to connect, record, ask and run it.</p>
          </li>
        )}
      </ul>
    </main>,
    root,
  );
}
