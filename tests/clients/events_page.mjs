// A visitor of a page that sends events as its libraries do; the page says when it has sent them.
import { browse } from './browser.mjs';

const [browser, address] = process.argv.slice(2);
const visit = async (page, seen) => {
  while (!seen.complaints.length && !(await page.evaluate('!!window.told'))) await page.waitForTimeout(50);
  return { told: await page.evaluate('window.told ?? null') };
};
console.log(JSON.stringify(await browse(browser, address, visit)));
