// The Insights page as somebody meets it who has a key: visits views, does things there, and tells what is shown.
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';

import { browse, picture } from './browser.mjs';

const [browser, url, visits] = process.argv.slice(2);
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Until the view has its answer. */
const settled = (page) => page.locator('.view[aria-busy="false"]').waitFor();

/** Until what changed is drawn, where nothing is asked for it. */
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** What `act` makes the page ask is answered, and shown. */
async function answered(page, act) {
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  const told = await act();
  await answer;
  await settled(page);
  return told;
}

/** What is seen: the title, numbers by their names, tables by their captions as rows of texts, and lists. */
function shown() {
  const texts = (root, selector) => [...root.querySelectorAll(selector)].map((element) => element.innerText.trim());
  const measures = [...document.querySelectorAll('.measure')].map((measure) => [
    measure.querySelector('.name').innerText,
    measure.querySelector('strong').innerText,
  ]);
  const tables = [...document.querySelectorAll('table')].map((table) => [
    table.caption.textContent,
    [...table.rows].map((row) => texts(row, 'th, td')),
  ]);
  return {
    title: document.querySelector('h1')?.innerText,
    measures: Object.fromEntries(measures),
    tables: Object.fromEntries(tables),
    text: document.querySelector('main').innerText,
    charts: [...document.querySelectorAll('svg[role="img"]')].map((svg) => svg.getAttribute('aria-label')),
    width: document.documentElement.scrollWidth,
    address: location.href,
  };
}

/** What axe finds: the rule, and the first place. */
async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate((rules) => window.axe.run({ runOnly: rules }), RULES);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}

const doings = {
  click: (page, { role, name }) => page.getByRole(role, { name, exact: true }).first().click(),
  choose: (page, { label, value }) => page.getByRole('combobox', { name: label }).selectOption(value),
  open: (page, { text }) => page.locator('summary', { hasText: text }).first().click(),
  fill: (page, { label, value }) => page.getByLabel(label, { exact: true }).fill(value),
  press: (page, { keys }) => page.keyboard.press(keys),
  await: (page, { text }) => page.getByText(text).first().waitFor(),
  accept: (page) => page.once('dialog', (dialog) => dialog.accept()),
  async definition(page, { name }) {
    await page.locator('[data-definition]', { hasText: name }).first().focus();
    return page.getByRole('tooltip').innerText();
  },
  async download(page) {
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ]);
    return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
  },
  /** What GraphiQL has, and what it answers, once "Show the query" opened it. */
  async query(page) {
    const [other] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('link', { name: 'Show the query' }).click(),
    ]);
    // Until its editors are there, GraphiQL does nothing when it is asked to run.
    await other.locator('.graphiql-response .monaco-editor').waitFor();
    await other.getByRole('button', { name: 'Execute query' }).click();
    const answer = other.locator('.graphiql-response .view-lines');
    await answer.getByText('"data"').first().waitFor();
    const told = { address: other.url(), text: await answer.innerText() };
    await other.close();
    return told;
  },
  /** Something that happens elsewhere meanwhile, with the key of the page's address. */
  async elsewhere(_page, { query }) {
    const given = new URLSearchParams(new URL(url).hash.slice(1));
    const headers = { authorization: `Bearer ${given.get('key')}`, 'x-namespace': given.get('namespace') };
    const body = JSON.stringify({ query });
    const answer = await fetch(new URL('graphql', url), {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    });
    return answer.json();
  },
  focused: (page) => page.evaluate(() => document.activeElement.outerHTML),
  stored: (page) => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state])),
};

/**
 * One visit: a fragment, a width and a colour scheme, and what to do there; `asks`: whether going there, or doing that,
 * makes the page ask.
 */
async function visit(page, seen, { name, fragment, width = 1440, dark = false, asks = true, doing = [] }) {
  await page.setViewportSize({ width, height: width < 600 ? 844 : 900 });
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
  const before = seen.operations.length;
  const go = () => page.evaluate((hash) => location.assign(hash), fragment);
  await (asks ? answered(page, go) : go().then(() => drawn(page)));
  const asked = seen.operations.length - before;
  const told = [];
  for (const { kind, asks = false, ...options } of doing) {
    const act = () => doings[kind](page, options);
    told.push((await (asks ? answered(page, act) : act())) ?? null);
  }
  const report = { ...(await page.evaluate(shown)), asked, told, violations: await violations(page) };
  await picture(page, `insights-${name}`);
  return report;
}

const reports = await browse(browser, url, async (page, seen) => {
  await settled(page);
  const visited = {};
  for (const each of JSON.parse(visits)) visited[each.name] = await visit(page, seen, each);
  return { visited };
});
console.log(JSON.stringify(reports));
