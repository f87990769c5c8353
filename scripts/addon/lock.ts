/** Keeps two builds from writing the same objects at the same time. */

import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readIfPresent } from './freshness.js';

/** A lock file without a process id is taken over after this time: its writer ended between creating and writing it. */
const writingLimitMilliseconds = 5000;

/** Runs `work` while holding the lock file `path`, and waits first for a build that holds it. */
export async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  let told = false;
  while (!acquire(path)) {
    if (isAbandoned(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) console.log('coarsely: another build is running; waiting for it');
    told = true;
    await sleep(200);
  }
  try {
    await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function acquire(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function isAbandoned(path: string): boolean {
  const holder = Number(readIfPresent(path));
  if (!holder) return existsSync(path) && Date.now() - statSync(path).mtimeMs > writingLimitMilliseconds;
  try {
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
