// A visitor of a page that records what he does, with the key that the page has.
import { browse } from './browser.mjs';

const [browser, address] = process.argv.slice(2);
const visit = async (page) => {
  await page.waitForLoadState('networkidle');
  return {};
};
console.log(JSON.stringify(await browse(browser, address, visit)));
