/** A document without a browser; React looks for one when it is loaded. */

import { Window } from "happy-dom";

const window = new Window();
for (const [name, value] of Object.entries({ window, document: window.document, navigator: window.navigator })) {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}

export const closeDocument = () => window.happyDOM.close();
