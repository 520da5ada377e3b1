// The start page as somebody meets it who opens the gateway's root, and goes on to Insights from there.
import { browse, picture } from './browser.mjs';

const [browser, url] = process.argv.slice(2);
const report = await browse(browser, url, async (page) => {
  const insights = page.getByRole('link', { name: 'Insights' });
  await insights.waitFor();
  const address = page.url();
  const links = await page.getByRole('link').allInnerTexts();
  await picture(page, 'start');
  await insights.click();
  await page.locator('.view[aria-busy="false"]').waitFor();
  return { address, links, last: page.url(), heading: await page.locator('h1').innerText() };
});
console.log(JSON.stringify(report));
