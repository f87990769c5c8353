/** Makes the file that the tests of downloads fetch, and a place to fetch it to. */

import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import type { DownloadOptions } from '#files/download.js';

/** 300 000 bytes that no compression and no repetition makes right by accident. */
export const content = Buffer.concat(
  Array.from({ length: 9375 }, (_, index) => createHash('sha256').update(String(index)).digest()),
);
const sha256 = createHash('sha256').update(content).digest('hex');
export const sha256Prefix = sha256.slice(0, 8);

/** Lets no proxy of this machine take part. */
export function withoutProxies(): void {
  for (const name of ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY']) {
    vi.stubEnv(name, undefined);
  }
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-download-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Attempt {
  readonly options: DownloadOptions;
  readonly path: string;
  readonly folder: string;
  readonly retries: string[];
}

export function attemptAt(url: string, changes: Partial<DownloadOptions> = {}): Attempt {
  const folder = scratch();
  const path = join(folder, 'cache', 'file.pth');
  const retries: string[] = [];
  const options = {
    url: `${url}/file.pth`,
    path,
    sha256Prefix,
    stallMilliseconds: 10_000,
    waitMilliseconds: 1,
    pollMilliseconds: 10,
    onRetry: (reason: string) => retries.push(reason),
    ...changes,
  };
  return { options, path, folder: join(folder, 'cache'), retries };
}

export function expectOnly({ folder, path }: Attempt): void {
  expect(readdirSync(folder)).toEqual(['file.pth']);
  expect(readFileSync(path).equals(content)).toBe(true);
}
