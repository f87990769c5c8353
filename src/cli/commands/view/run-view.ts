/** Runs `coarsely view`: starts the server, says what it serves, and ends it on Ctrl-C. */

import { spawn } from 'node:child_process';
import { relative } from 'node:path';
import { exitCodes } from '../../../errors/internal.js';
import { startServer, type Workspace } from '../../../server/index.js';
import { printNotice } from '../../output/print-notice.js';
import { onStopRequest } from '../../training/interrupts.js';
import { type ViewOptions, workspaceOf } from './workspace-of.js';

/**
 * Serves the page until it is asked to end.
 *
 * @throws {ConfigError} when a named folder is missing or the port is in use
 * @throws {DataError} when the dataset cannot be used
 */
export async function runView(runs: readonly string[], options: ViewOptions): Promise<void> {
  const { workspace, notices } = workspaceOf(runs, options);
  for (const notice of notices) printNotice(notice);
  const server = await startServer(workspace, { port: options.port ?? null });
  process.stdout.write(`${describe(workspace)}\n\n  ${server.url}\n\nCtrl-C ends the server.\n`);
  if (options.open === true) openBrowser(server.url);
  await new Promise<void>((done) => {
    const endRequests = onStopRequest(['SIGINT', 'SIGTERM', 'SIGHUP'], (count) => {
      if (count > 1) process.exit(exitCodes.interrupted);
      process.stderr.write('ending, with the commands that the page started (Ctrl-C again ends at once)\n');
      void server.close().finally(() => {
        endRequests();
        done();
      });
    });
  });
}

function describe({ runs, dataset, labels, split, journal }: Workspace): string {
  const lines = [`Runs: ${runs.map(shortPath).join(', ')}`];
  if (dataset !== null) lines.push(`Dataset: ${shortPath(dataset)}, labels ${labels} of ${split}`);
  if (journal !== null) lines.push(`Journal of decisions: ${shortPath(journal)}`);
  return lines.join('\n');
}

function shortPath(path: string): string {
  const short = relative('', path);
  return short === '' ? '.' : short.startsWith('..') ? path : short;
}

/** Opens an address in the browser of the desktop; where there is none, the printed address remains. */
function openBrowser(url: string): void {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(program, [url], { detached: true, stdio: 'ignore' });
  child.once('error', () =>
    printNotice(`no browser could be opened (${program}); open the address yourself`),
  );
  child.unref();
}
