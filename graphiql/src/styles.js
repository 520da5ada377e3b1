// Monaco and the dialogs put style elements into the page. The page's policy takes those that carry its nonce, and
// none of the libraries lets it be set everywhere.
import { nonce } from "./settings.js";

const createElement = Document.prototype.createElement;

Document.prototype.createElement = function (...given) {
  const element = createElement.apply(this, given);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
};
