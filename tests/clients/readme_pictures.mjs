// The Insights page as the README shows it, in the light and in the dark.
import { join } from 'node:path';

import { browse } from './browser.mjs';

const [browser, url, folder] = process.argv.slice(2);
const { names } = await browse(browser, url, async (page) => {
  const names = [];
  await page.setViewportSize({ width: 1180, height: 860 });
  await page.locator('.view[aria-busy="false"] .chart svg').last().waitFor();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    const path = join(folder, `insights-${colorScheme}.png`);
    await page.screenshot({ path, animations: 'disabled' });
    names.push(path);
  }
  return { names };
});
console.log(JSON.stringify(names));
