/**
 * Fetches a file over HTTP once for all processes: into a partial file beside its place, which a later start continues,
 * and under its own name only when length and SHA-256 are right.
 */

import { closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DownloadError, FileError } from '../errors/index.js';
import { syncFile, syncFolder } from './durability.js';
import { isFile } from './is-file.js';
import { type LockOwner, ProcessLock } from './process-lock.js';
import { replaceFile } from './replace-file.js';
import { sha256OfFile } from './sha256.js';
import { isSystemError, systemErrorReason } from './system-errors.js';
import { ConnectionError, type DownloadProgress, type Received, receive } from './transfer.js';

/** Configures `download`. */
export interface DownloadOptions {
  readonly url: string;
  /** Names the file to write; its folder is created. */
  readonly path: string;
  /** Gives the first hexadecimal digits of the file's SHA-256. */
  readonly sha256Prefix: string;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Is told once when another process fetches the file already, which this one waits for. */
  readonly onWait?: ((owner: LockOwner) => void) | undefined;
  /** Is told in one line why the transfer is tried again. */
  readonly onRetry?: ((reason: string) => void) | undefined;
  /** Limits the time without data after which a connection counts as lost; 30 s by default. */
  readonly stallMilliseconds?: number | undefined;
  /** Limits the attempts that bring nothing further; 5 by default. */
  readonly attempts?: number | undefined;
  /** Sets the wait before the second attempt, which doubles with each further one; 1 s by default. */
  readonly waitMilliseconds?: number | undefined;
  /** Separates two looks at what another process does; 0.2 s by default. */
  readonly pollMilliseconds?: number | undefined;
}

/** Limits the wait between two attempts. */
const longestWaitMilliseconds = 20_000;

/** Limits the silence of a downloading process on another machine, by the number of stalls it may take. */
const silentStalls = 10;

/**
 * Fetches `url` to `path` and returns true; returns false when the right file is there already or another process
 * fetched it meanwhile. Proxies are those of HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
 *
 * @throws {DownloadError} when nothing answers, the server refuses, the connection keeps breaking or another file came;
 *   `failure` tells which
 * @throws {FileError} when the file cannot be written
 */
export async function download(options: DownloadOptions): Promise<boolean> {
  const { path } = options;
  if (isRight(options)) return false;
  const lock = await lockUnlessFetched(options);
  if (lock === null) return false;
  try {
    if (isRight(options)) return false;
    await fetchPart(options, lock);
    publish(path);
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // What came so far would keep the disk full.
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT') rmSync(partOf(path), { force: true });
    throw unwritable(path, error);
  } finally {
    lock.release();
  }
}

/** Returns the name of the partial file, which a later start continues. */
function partOf(path: string): string {
  return `${path}.part`;
}

function isRight({ path, sha256Prefix }: DownloadOptions): boolean {
  return isFile(path) && sha256OfFile(path).startsWith(sha256Prefix);
}

/** Returns the lock of the file; null once another process has fetched it. */
async function lockUnlessFetched(options: DownloadOptions): Promise<ProcessLock | null> {
  const { path, onWait, stallMilliseconds = 30_000, pollMilliseconds = 200 } = options;
  let told = false;
  for (;;) {
    const taken = takeLock(path, stallMilliseconds * silentStalls);
    if (taken instanceof ProcessLock) return taken;
    if (!told) onWait?.(taken);
    told = true;
    await delay(pollMilliseconds);
    if (isRight(options)) return null;
  }
}

function takeLock(path: string, silentMilliseconds: number): ProcessLock | LockOwner {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return ProcessLock.take(`${path}.lock`, { silentMilliseconds });
  } catch (error) {
    throw isSystemError(error) ? unwritable(path, error) : error;
  }
}

function unwritable(path: string, cause: NodeJS.ErrnoException): FileError {
  return new FileError(`${path}: cannot be written (${systemErrorReason(cause)})`, { cause });
}

/** Completes the partial file, in as many attempts as it takes while each brings something further. */
async function fetchPart(options: DownloadOptions, lock: ProcessLock): Promise<void> {
  const { url, attempts = 5, waitMilliseconds = 1000, onRetry } = options;
  const part = partOf(options.path);
  let failures = 0;
  let most = 0;
  for (;;) {
    const begun = sizeOf(part);
    try {
      const received = await transfer(options, { part, lock });
      if (sha256OfFile(part).startsWith(options.sha256Prefix)) return;
      const wrong = wrongContent(options, { part, received });
      rmSync(part, { force: true });
      // What an earlier start left may be of something else; the whole file, fetched anew, decides.
      if (begun === 0) throw wrong;
      onRetry?.(`${wrong.message}; starting over`);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      const size = sizeOf(part);
      failures = size > most ? 1 : failures + 1;
      most = Math.max(most, size);
      if (failures >= attempts) {
        const kept = size > 0 ? '; the next start goes on from what has come' : '';
        throw new DownloadError(`${url}: ${error.message}, in ${failures} attempts without progress${kept}`, {
          cause: error,
          failure: 'interrupted',
        });
      }
      onRetry?.(`${url}: ${error.message}; trying again`);
      await delay(Math.min(longestWaitMilliseconds, waitMilliseconds * 2 ** (failures - 1)));
    }
  }
}

async function transfer(
  { url, stallMilliseconds = 30_000, onProgress }: DownloadOptions,
  { part, lock }: { readonly part: string; readonly lock: ProcessLock },
): Promise<Received> {
  return receive({
    url,
    part,
    stallMilliseconds,
    onProgress: (progress) => {
      lock.refresh();
      onProgress?.(progress);
    },
  });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function wrongContent(
  { url, sha256Prefix }: DownloadOptions,
  { part, received }: { readonly part: string; readonly received: Received },
): DownloadError {
  const page = received.contentType.startsWith('text/html')
    ? ' (a web page came, perhaps the login page of a network)'
    : '';
  return new DownloadError(
    `${url}: is not the expected file${page}: its SHA-256 begins with ` +
      `${sha256OfFile(part).slice(0, sha256Prefix.length)}, expected ${sha256Prefix}; what came was not kept`,
    { failure: 'content' },
  );
}

/** Gives the complete partial file its own name. */
function publish(path: string): void {
  const part = partOf(path);
  const descriptor = openSync(part, 'r+');
  try {
    syncFile(descriptor, path);
  } finally {
    closeSync(descriptor);
  }
  replaceFile(part, path);
  syncFolder(dirname(path));
}
