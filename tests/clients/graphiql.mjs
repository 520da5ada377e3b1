// GraphiQL as somebody meets it: with a key in the page already, or still to be put in ("template"), on a phone, by a link
// that holds an operation, and opened by another page that knows a key.
import { browse, picture } from './browser.mjs';
import { fetchAsCaller, headers, url } from './gateway.mjs';

const editor = (page, kind) => page.locator(`.graphiql-${kind} .view-lines`);

/** What an editor shows; Monaco writes spaces that don't break. */
const read = async (page, kind) => (await editor(page, kind).innerText()).replaceAll('\u00a0', ' ');

async function run(page, expected) {
  await page.getByRole('button', { name: 'Execute query' }).click();
  await editor(page, 'response').getByText(expected).first().waitFor();
  return read(page, 'response');
}

async function openTab(page, name) {
  await page.getByRole('tab', { name }).click();
  await page.locator('.graphiql-query-editor').getByText(name).first().waitFor();
}

/** Puts an address into that of a page that is open: where only the fragment differs, the page loads itself anew. */
async function follow(page, address) {
  const reloaded = page.waitForEvent('load');
  await page.goto(address);
  await reloaded;
}

const RECORD = `mutation ($id: ID!) {
  recordInteraction(input: { interactionId: $id, featureId: "sku-1", interactionType: CLICK }) { created }
}`;

/** What a subscription shows once something is recorded: again and again, until it is under way. */
async function subscribe(page) {
  await page.getByRole('button', { name: 'Execute query' }).click();
  const shown = editor(page, 'response').getByText('"graphiql-live-');
  for (let count = 0; count < 60 && !(await shown.isVisible()); count += 1) {
    const body = JSON.stringify({ query: RECORD, variables: { id: `graphiql-live-${count}` } });
    await fetchAsCaller(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    await page.waitForTimeout(500);
  }
  return read(page, 'response');
}

/** Before its editors are there the page takes clicks, and does nothing. */
async function ready(page) {
  for (const kind of ['query-editor', 'response', 'editor-tool']) {
    await editor(page, kind).last().waitFor({ state: 'attached' });
  }
}

/** Each tab's operation run as it stands, the docs read, a field added in the explorer, and the page again. */
async function prefilled(page) {
  await ready(page);
  const title = await page.title();
  const address = await page.evaluate(() => location.href);
  const first = await run(page, '"data"');
  await picture(page, 'graphiql');

  const tabs = await page.getByRole('tab').allInnerTexts();
  const answers = {};
  for (const name of tabs.filter((tab) => tab !== 'InteractionRecorded')) {
    await openTab(page, name);
    answers[name] = await run(page, '"data"');
  }

  await openTab(page, 'InteractionRecorded');
  answers.InteractionRecorded = await subscribe(page);
  await picture(page, 'graphiql-subscription');
  await page.getByRole('button', { name: 'Stop query' }).click();

  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Query', exact: true }).click();
  const docs = await page.locator('.graphiql-doc-explorer').innerText();
  await picture(page, 'graphiql-docs');

  await openTab(page, 'LatestClicks');
  await page.getByRole('button', { name: 'Show GraphiQL Explorer' }).click();
  const explorer = page.locator('.graphiql-explorer-root');
  const offered = (await explorer.innerText()).split('\n');
  await explorer.getByText('durationMs').last().click();
  await page.locator('.graphiql-query-editor').getByText('durationMs').waitFor();
  const explored = await run(page, '"durationMs"');
  await picture(page, 'graphiql-explorer');

  await page.emulateMedia({ colorScheme: 'dark' });
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state]));
  // The printed address once more, in the same tab: the browser would only move within the page.
  await follow(page, url);
  await ready(page);
  const again = await run(page, '"data"');
  await picture(page, 'graphiql-dark');
  return { title, address, tabs, first, answers, docs, offered, explored, stored, again };
}

/** Nothing is asked until the key is there; then the schema is, and operations can be run in each tab. */
async function template(page, seen) {
  await ready(page);
  const refused = await run(page, 'Put your key into the Headers tab');
  const asked = [...seen.operations];
  await picture(page, 'graphiql-template');

  await editor(page, 'editor-tool').last().click();
  await page.keyboard.press('Control+A');
  const written = JSON.stringify({ Authorization: headers.authorization, 'X-Namespace': headers['x-namespace'] });
  await page.evaluate((text) => navigator.clipboard.writeText(text), written);
  await page.keyboard.press('Control+V');
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Interaction', exact: true }).waitFor();
  const answer = await run(page, '"totalCount"');

  await openTab(page, 'NextPage');
  const next = await run(page, '"hasNextPage"');
  await page.getByRole('button', { name: 'Show History' }).click();
  await page.locator('.graphiql-history').getByText('NextPage').first().waitFor();
  const stored = await page.evaluate(() => JSON.stringify(localStorage));
  return { refused, asked, answer, next, stored };
}

/** Waits for the tab to be chosen and its panel to hold the text; how far the panel is from filling the width. */
async function shownView(page, name, text) {
  await page.getByRole('tab', { name, exact: true, selected: true }).waitFor();
  const panel = page.getByRole('tabpanel', { name, exact: true });
  await panel.getByText(text).first().waitFor();
  return panel.evaluate((element) => innerWidth - element.getBoundingClientRect().width);
}

const scrollsSideways = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

const PLUGINS = ['Documentation Explorer', 'History', 'GraphiQL Explorer'];

/** Query, answer, headers and plugins, one after the other, at a phone's width. */
async function onPhone(page, width) {
  await page.setViewportSize({ width, height: 740 });
  await follow(page, url);
  await ready(page);
  const views = page.getByRole('tablist', { name: 'Query or answer' });
  const [query, answer] = ['Query', 'Answer'].map((name) => views.getByRole('tab', { name }));
  const margins = [await shownView(page, 'Query', 'LatestClicks')];
  const sideways = [await scrollsSideways(page)];
  await picture(page, `graphiql-phone-${width}-query`);

  await page.getByRole('button', { name: 'Execute query' }).click();
  margins.push(await shownView(page, 'Answer', '"data"'));
  sideways.push(await scrollsSideways(page));
  const hidden = await page.getByRole('region', { name: 'Operation Editor' }).isHidden();
  await picture(page, `graphiql-phone-${width}-answer`);

  // By the keys of tabs: the arrows turn around, Home and End go to the ends.
  const keys = [];
  await answer.focus();
  for (const key of ['ArrowRight', 'ArrowLeft', 'Home', 'End', 'ArrowLeft']) {
    await page.keyboard.press(key);
    keys.push(await views.locator('[aria-selected="true"]:focus').innerText());
  }
  const stops = [await query.getAttribute('tabindex'), await answer.getAttribute('tabindex')];

  await page.getByRole('button', { name: 'Variables' }).click();
  await page.getByRole('region', { name: 'Variables' }).waitFor();
  await readTool(page, 'Headers', 'X-Namespace');

  for (const plugin of PLUGINS) {
    await page.getByRole('button', { name: `Show ${plugin}` }).click();
    await page.getByRole('button', { name: `Hide ${plugin}` }).waitFor();
    const pane = page.locator('.graphiql-plugin');
    margins.push(await pane.evaluate((element) => innerWidth - element.getBoundingClientRect().width));
    sideways.push(await scrollsSideways(page));
    await picture(page, `graphiql-phone-${width}-${plugin.split(' ')[0].toLowerCase()}`);
    await page.getByRole('button', { name: `Hide ${plugin}` }).click();
    await pane.waitFor({ state: 'hidden' });
  }
  await openTab(page, 'FilterTrees');
  await openTab(page, 'LatestClicks');
  margins.push(await shownView(page, 'Query', 'LatestClicks'));
  return { margins, sideways, hidden, keys, stops };
}

/** Phones' widths, and a desktop's before and after them. */
async function phone(page) {
  await ready(page);
  const views = page.getByRole('tablist', { name: 'Query or answer' });
  const onDesktop = [await views.count()];
  const phones = [await onPhone(page, 390), await onPhone(page, 360)];
  await page.setViewportSize({ width: 1440, height: 900 });
  await views.waitFor({ state: 'detached' });
  await run(page, '"data"');
  onDesktop.push(await views.count(), await page.getByRole('region', { name: 'Operation Editor' }).isVisible());
  return { onDesktop, phones };
}

const OPERATION = 'query HandedOver($first: Int!) {\n  interactions(first: $first) { totalCount }\n}';

/** The address that hands an operation over. */
const link = (query, variables, more = '') =>
  `${url.split('#')[0]}#query=${encodeURIComponent(query)}&variables=${encodeURIComponent(variables)}${more}`;

/** What the editor of variables or of headers shows, once that holds a text. */
async function readTool(page, name, text) {
  await page.getByRole('button', { name }).click();
  await page.getByRole('region', { name }).getByText(text).waitFor();
  return (await editor(page, 'editor-tool').locator('visible=true').innerText()).replaceAll('\u00a0', ' ');
}

/** What a page shows before anything is run. */
async function handedOver(page, variables = '"first"') {
  await ready(page);
  await page.getByRole('tab').first().and(page.getByRole('tab', { selected: true })).waitFor();
  return {
    address: await page.evaluate(() => location.href),
    tabs: await page.getByRole('tab').allInnerTexts(),
    query: await read(page, 'query-editor'),
    variables: variables && (await readTool(page, 'Variables', variables)),
    headers: await readTool(page, 'Headers', 'Authorization'),
    answer: await read(page, 'response'),
  };
}

/** What the browser has stored of the tabs is what the page begins with when it is opened again. */
const stored = (page, text) =>
  page.waitForFunction(
    (content) => Object.entries(localStorage).some(([name, tabs]) => name.endsWith(':tabState') && tabs.includes(content)),
    text,
  );

/** Links alone: what they hold is shown, and asked by nobody. */
async function linked(page, seen) {
  await ready(page);
  await stored(page, 'LatestClicks');
  await follow(page, link(OPERATION, '{ "first": 2 }', '&key=sk_of_somebody_else'));
  const whole = await handedOver(page);
  await picture(page, 'graphiql-handed-over');
  await stored(page, 'HandedOver');
  await follow(page, link(OPERATION, '{ "first": '));
  const malformed = await handedOver(page);
  await follow(page, link('{ a }'.padEnd(100_001), ''));
  const giant = await handedOver(page, null);
  const asked = [...seen.operations];
  return { whole, malformed, giant, asked };
}

/** Opened by a page that knows a key, of the same origin and of another one. */
async function opened(page, seen) {
  await ready(page);
  const open = async (opener) => {
    const popup = page.waitForEvent('popup');
    await opener.evaluate((address) => void window.open(address), link(OPERATION, '{ "first": 2 }'));
    return popup;
  };
  await page.evaluate((headersToHand) => { window.graphiqlHeaders = headersToHand; }, headers);
  const own = await open(page);
  const ours = await handedOver(own);
  const asked = [...seen.operations];
  const answer = await run(own, '"totalCount"');
  await own.close();

  await page.goto('data:text/html,<iframe name="graphiqlHeaders"></iframe>');
  const theirs = await handedOver(await open(page));
  return { ours, asked, answer, theirs };
}

const [browser, visit] = process.argv.slice(2);
console.log(JSON.stringify(await browse(browser, url, { prefilled, template, phone, linked, opened }[visit])));
