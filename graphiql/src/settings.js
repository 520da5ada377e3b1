// What the gateway says for this visit: the headers and tabs to begin with, and the nonce of the page's policy.
const element = document.getElementById("settings");

export const { headers, tabs } = JSON.parse(element.textContent);
export const { nonce } = element;
