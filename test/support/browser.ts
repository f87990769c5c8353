/** Opens pages in a real browser, for tests of what people see: Debian's Chromium, which `make test` installs. */

import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Is a browser with one page, and what went wrong in it. */
export interface OpenBrowser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Holds exceptions of the page and violations of its content security policy, in order. */
  readonly faults: readonly string[];
  /** Holds the addresses that the page asked for outside of this machine, which are to be none. */
  readonly foreignRequests: readonly string[];
  close(): Promise<void>;
}

/** Configures `openBrowser`. */
export interface OpenBrowserOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * Returns the browser that tests drive: what CHROMIUM names, or else the one of the system.
 *
 * @throws {Error} when there is none, as a test that skips itself would never fail
 */
function browserProgram(): string {
  const named = process.env.CHROMIUM;
  const found = named ? [named].find(existsSync) : candidates.find(existsSync);
  if (found !== undefined) return found;
  throw new Error(
    named
      ? `CHROMIUM is ${named}, and there is no such file`
      : 'no Chromium was found: run `make test`, which installs it, or set CHROMIUM to the program',
  );
}

/** Starts a browser of its own with one empty page. */
export async function openBrowser({
  width = 1280,
  height = 800,
  colorScheme = 'light',
}: OpenBrowserOptions = {}): Promise<OpenBrowser> {
  // Containers of CI run as root, where Chromium refuses its sandbox; and their /dev/shm is small.
  const browser: Browser = await chromium.launch({
    executablePath: browserProgram(),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    reducedMotion: 'reduce',
  });
  const faults: string[] = [];
  const foreignRequests: string[] = [];
  context.on('weberror', (error) => faults.push(String(error.error())));
  context.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
  });
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && !['127.0.0.1', 'localhost'].includes(hostname)) {
      foreignRequests.push(request.url());
    }
  });
  const page = await context.newPage();
  return { context, page, faults, foreignRequests, close: () => browser.close() };
}
