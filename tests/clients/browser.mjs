// A visitor's browser: Debian's Chromium with a fresh profile, which tells what it saw.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const pictures = fileURLToPath(new URL('../../build/screenshots/', import.meta.url));

/** Keeps what the page looks like now, for people. */
export const picture = (page, name) => page.screenshot({ path: join(pictures, `${name}.png`) });

/**
 * Opens `url` in the browser at `executablePath`, calls `visit` with the page and what it has seen so far, and closes
 * it.
 *
 * `seen` holds, of this page and those that it opens, the complaints of the console and of the page, the requests to other
 * origins, those that failed, and the operations sent; it is given back with what `visit` tells.
 */
export async function browse(executablePath, url, visit) {
  const profile = await mkdtemp(join(tmpdir(), 'gateway-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: flags,
    permissions: ['clipboard-read', 'clipboard-write'],
    viewport: { width: 1440, height: 900 },
  });
  // On a busy machine an editor may take more than Playwright's own 30 seconds to be there.
  context.setDefaultTimeout(120_000);
  try {
    const [page] = context.pages();
    const seen = { complaints: [], foreign: [], failed: [], operations: [] };
    context.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text());
    });
    context.on('weberror', (error) => seen.complaints.push(String(error.error())));
    context.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== new URL(url).origin && protocol !== 'data:') seen.foreign.push(request.url());
      if (request.method() === 'POST') seen.operations.push(request.postDataJSON()?.operationName);
    });
    context.on('requestfailed', (request) => {
      const { errorText } = request.failure();
      // The page's own doing: Monaco ends a worker, still being loaded, when its configuration changes.
      if (errorText !== 'net::ERR_ABORTED') seen.failed.push(`${errorText} ${request.url()}`);
    });
    context.on('response', (response) => {
      if (!response.ok()) seen.failed.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(url);
    return { ...seen, ...(await visit(page, seen)) };
  } catch (error) {
    await picture(context.pages()[0], 'failure');
    throw error;
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
