/** Drives the page in a browser against `coarsely view` as a person starts it, which is killed and started again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenBrowser, openBrowser } from '../support/browser.js';
import { temporaryFolder, writeSmallDataset } from '../support/view-workspace.js';

const main = resolve(import.meta.dirname, '../../dist/cli/main.js');
const { folder, remove } = temporaryFolder();
let browser: OpenBrowser;
let server: ChildProcess;
let url = '';

beforeAll(async () => {
  await writeSmallDataset(join(folder, 'data'));
  [browser, url] = await Promise.all([openBrowser(), startCommand()]);
});
afterAll(async () => {
  await browser.close();
  await endCommand('SIGTERM');
  remove();
});

/** Starts the command and returns the address that it prints. */
function startCommand(): Promise<string> {
  server = spawn(process.execPath, [main, 'view', '--data', 'data', '--by', 'test'], {
    cwd: folder,
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((found, failed) => {
    let output = '';
    const read = (piece: Buffer) => {
      output += piece.toString();
      const address = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(output)?.[0];
      if (address !== undefined) found(address);
    };
    server.stdout?.on('data', read);
    server.stderr?.on('data', read);
    server.once('exit', () => failed(new Error(`coarsely view ended: ${output}`)));
  });
}

async function endCommand(signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill(signal);
  await ended;
}

describe('the page of a really started server', () => {
  it('opens by its address with the token, which then leaves the address', async () => {
    const { page } = browser;
    await page.goto(url);
    await page.getByRole('navigation', { name: 'Views' }).waitFor();
    expect(page.url()).not.toContain('token');
    const [cookie] = await browser.context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it.each(['', '?token=wrong'])('shows a readable refusal to a browser that comes with %j', async (query) => {
    const context = await browser.context.browser()?.newContext();
    const stranger = await context?.newPage();
    const answer = await stranger?.goto(`${new URL(url).origin}/${query}`);
    expect(answer?.status()).toBe(403);
    expect(await stranger?.locator('body').textContent()).toContain('coarsely view');
    await context?.close();
  });

  it('says that a killed server is lost, and goes on when the command is started again', async () => {
    const { page } = browser;
    const banner = page.getByText('The server does not answer', { exact: false });
    await page.evaluate('window.keptFromBefore = true');
    await endCommand('SIGKILL');
    await banner.waitFor();
    // The address stays, so bookmarks and open pages stay right.
    expect(await startCommand()).toBe(url);
    await banner.waitFor({ state: 'hidden' });
    expect(await page.evaluate('window.keptFromBefore')).toBe(true);
    expect(await page.evaluate("fetch('/api/workspace').then((answer) => answer.status)")).toBe(200);
  });

  it.each([
    [1280, 'light', ''],
    [800, 'dark', ''],
    [800, 'light', '?image=a'],
  ] as const)('is accessible and fits %i pixels, %s%s', async (width, colorScheme, place) => {
    const { page } = browser;
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    await page.goto(`${new URL(url).origin}/#/data${place}`);
    await page.locator('main img').first().waitFor();
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  it('serves two tabs of one browser, each in its own view', async () => {
    const second = await browser.context.newPage();
    await second.goto(new URL(url).origin);
    await second.getByRole('navigation', { name: 'Views' }).waitFor();
    await browser.page.getByRole('link', { name: 'Data', exact: true }).click();
    await browser.page.waitForURL(/#\/data/);
    expect(second.url()).not.toContain('#/data');
    await second.close();
  });

  it('asks nothing of other machines, breaks no rule of its policy and throws nothing', () => {
    expect(browser.foreignRequests).toEqual([]);
    expect(browser.faults).toEqual([]);
  });
});
