// The Insights page from its first load to the end of a key: what it loads, asks and keeps.
import { browse, picture } from './browser.mjs';

const [browser, url, key, namespace] = process.argv.slice(2);
const kept = (page) => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, document.cookie]));

async function connect(page, given) {
  await page.getByLabel('Key', { exact: true }).fill(given);
  await page.getByRole('textbox', { name: 'Namespace' }).fill(namespace);
  await page.getByRole('button', { name: 'Connect' }).click();
}

const shown = (page) => page.locator('.view[aria-busy="false"]').waitFor();

const { told, foreign, complaints } = await browse(browser, url, async (page, seen) => {
  const scripts = [];
  page.on('response', async (response) => {
    if (!response.url().endsWith('.js')) return;
    scripts.push(response.request().sizes().then(({ responseBodySize }) => responseBodySize));
  });
  await page.reload();
  await page.getByRole('button', { name: 'Connect' }).waitFor();
  const askedWithoutKey = seen.operations.length;

  await connect(page, 'sk_wrong');
  const refusal = await page.getByRole('alert').innerText();
  await picture(page, 'insights-wrong-key');

  await connect(page, key);
  await shown(page);
  const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
  const keptByTab = await kept(page);

  // By the keyboard alone: past the menu to the numbers, on to another view, and what a head says.
  await page.keyboard.press('Tab');
  const first = await page.evaluate(() => document.activeElement.innerText);
  await page.keyboard.press('Enter');
  const title = await page.evaluate(() => document.activeElement.innerText);
  await page.getByRole('link', { name: 'Queries' }).focus();
  await page.keyboard.press('Enter');
  const head = page.getByRole('button', { name: 'Users' });
  await head.waitFor();
  await head.focus();
  const definition = await page.getByRole('tooltip').innerText();
  await page.keyboard.press('Enter');
  await page.locator('th[aria-sort="descending"]', { hasText: 'Users' }).waitFor();
  await page.keyboard.press('Escape');
  const isHidden = await page.getByRole('tooltip').isHidden();

  // Gone with the page; kept where it is wished for, until disconnecting.
  await page.reload();
  await page.getByRole('button', { name: 'Connect' }).waitFor();
  await page.getByRole('checkbox').check();
  await connect(page, key);
  await shown(page);
  await page.reload();
  await shown(page);
  const keptByBrowser = await kept(page);
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByRole('button', { name: 'Connect' }).waitFor();
  const keptAfterwards = await kept(page);
  const keyboard = { first, title, definition, isHidden };
  return { told: { askedWithoutKey, refusal, bytes, keptByTab, keptByBrowser, keptAfterwards, keyboard } };
});
console.log(JSON.stringify({ ...told, foreign, complaints }));
