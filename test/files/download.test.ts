/** Checks downloads against a server on this machine that cuts, stalls, refuses and lies. */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { DownloadError, FileError } from 'coarsely/errors';
import { beforeEach, describe, expect, test } from 'vitest';
import { download } from '#files/download.js';
import { failAlways, patchFileSystem, systemError } from '../support/broken-file-system.js';
import {
  answer,
  cutAfter,
  good,
  hangAfter,
  serveFile,
  slowly,
  unreachableUrl,
  withoutRanges,
} from '../support/file-server.js';
import {
  type Attempt,
  attemptAt,
  content,
  expectOnly,
  sha256Prefix,
  withoutProxies,
} from './download-fixtures.js';

beforeEach(withoutProxies);

test('a file is fetched once, with progress to its whole length, and nothing else is left', async () => {
  const server = await serveFile(content, [good]);
  const seen: (number | null)[][] = [];
  const attempt = attemptAt(server.url, {
    onProgress: ({ bytes, totalBytes }) => seen.push([bytes, totalBytes]),
  });
  expect(await download(attempt.options)).toBe(true);
  expectOnly(attempt);
  expect(seen[0]).toEqual([0, content.length]);
  expect(seen.at(-1)).toEqual([content.length, content.length]);
  expect(await download(attempt.options)).toBe(false);
  expect(server.requests).toEqual(['GET /file.pth']);
});

describe('a broken transfer', () => {
  test('goes on by Range from what came', async () => {
    const server = await serveFile(content, [cutAfter(100_000), good]);
    const attempt = attemptAt(server.url);
    await download(attempt.options);
    expectOnly(attempt);
    expect(server.requests).toEqual(['GET /file.pth', 'GET /file.pth bytes=100000-']);
    expect(attempt.retries).toEqual([expect.stringContaining('trying again')]);
  });

  test('starts over where the server has no ranges', async () => {
    const server = await serveFile(content, [cutAfter(100_000, { ranges: false }), withoutRanges]);
    const attempt = attemptAt(server.url);
    await download(attempt.options);
    expectOnly(attempt);
    expect(server.requests).toHaveLength(2);
  });

  test('may break as often as it likes while each attempt brings something', async () => {
    const server = await serveFile(content, [cutAfter(40_000)]);
    const attempt = attemptAt(server.url, { attempts: 2 });
    await download(attempt.options);
    expectOnly(attempt);
    expect(server.requests).toHaveLength(8);
  });

  test('ends when attempts bring nothing, keeps what came, and the next start goes on there', async () => {
    const cut = (await serveFile(content, [cutAfter(100_000), answer(503)])).url;
    const attempt = attemptAt(cut, { attempts: 3 });
    const error = await download(attempt.options).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(DownloadError);
    expect(error).toMatchObject({
      failure: 'interrupted',
      message:
        `${cut}/file.pth: the server answers 503 Service Unavailable, in 3 attempts without progress; the next start ` +
        'goes on from what has come',
    });
    expect(readdirSync(attempt.folder)).toEqual(['file.pth.part']);
    const server = await serveFile(content, [good]);
    await download({ ...attempt.options, url: `${server.url}/file.pth` });
    expectOnly(attempt);
    expect(server.requests).toEqual(['GET /file.pth bytes=100000-']);
  });

  test('with a server that has no ranges and always cuts, ends too', async () => {
    const server = await serveFile(content, [cutAfter(100_000, { ranges: false })]);
    const attempt = attemptAt(server.url, { attempts: 3 });
    await expect(download(attempt.options)).rejects.toThrow('in 3 attempts without progress');
    expect(server.requests).toHaveLength(3);
  });

  test('a stall counts as broken', async () => {
    const server = await serveFile(content, [hangAfter(100_000), good]);
    const attempt = attemptAt(server.url, { stallMilliseconds: 150 });
    await download(attempt.options);
    expectOnly(attempt);
    expect(server.requests).toEqual(['GET /file.pth', 'GET /file.pth bytes=100000-']);
    expect(attempt.retries).toEqual([`${server.url}/file.pth: no data came for 0.15 s; trying again`]);
  });

  test('a slow transfer that never stalls is no failure', async () => {
    const server = await serveFile(content, [slowly(12, 40)]);
    const attempt = attemptAt(server.url, { stallMilliseconds: 300 });
    await download(attempt.options);
    expectOnly(attempt);
    expect(attempt.retries).toEqual([]);
  });

  test('a busy server is asked again', async () => {
    const server = await serveFile(content, [answer(500), answer(429), good]);
    const attempt = attemptAt(server.url);
    await download(attempt.options);
    expectOnly(attempt);
    expect(server.requests).toHaveLength(3);
  });
});

describe('what an earlier start left', () => {
  async function resumed(part: Buffer) {
    const server = await serveFile(content, [good]);
    const attempt = attemptAt(server.url);
    mkdirSync(attempt.folder);
    writeFileSync(`${attempt.path}.part`, part);
    await download(attempt.options);
    expectOnly(attempt);
    return { ...server, ...attempt };
  }

  test('is continued', async () => {
    expect((await resumed(content.subarray(0, 7))).requests).toEqual(['GET /file.pth bytes=7-']);
  });

  test('is complete already', async () => {
    expect((await resumed(content)).requests).toEqual([`GET /file.pth bytes=${content.length}-`]);
  });

  test('is of something else, and the whole file is fetched anew', async () => {
    const { requests, retries } = await resumed(Buffer.alloc(1000));
    expect(requests).toEqual(['GET /file.pth bytes=1000-', 'GET /file.pth']);
    expect(retries[0]).toContain('starting over');
  });

  test('is longer than the file, and the whole file is fetched anew', async () => {
    const { requests } = await resumed(Buffer.alloc(content.length + 1));
    expect(requests).toHaveLength(2);
    expect(requests[1]).toBe('GET /file.pth');
  });
});

describe('an error in one line', () => {
  async function failureOf(attempt: Attempt): Promise<Error & { failure?: string }> {
    const error: unknown = await download(attempt.options).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).not.toContain('\n');
    expect(existsSync(attempt.path)).toBe(false);
    return error as Error & { failure?: string };
  }

  test('404', async () => {
    const server = await serveFile(content, [answer(404)]);
    const { message, failure } = await failureOf(attemptAt(server.url));
    expect(message).toBe(`${server.url}/file.pth: the server answers 404 Not Found, it has no such file`);
    expect(failure).toBe('refused');
    expect(server.requests).toHaveLength(1);
  });

  test('another file: nothing is kept', async () => {
    const other = Buffer.from('something else');
    const server = await serveFile(other, [good]);
    const attempt = attemptAt(server.url);
    const { message, failure } = await failureOf(attempt);
    const begin = createHash('sha256').update(other).digest('hex').slice(0, 8);
    expect(message).toBe(
      `${server.url}/file.pth: is not the expected file: its SHA-256 begins with ${begin}, expected ${sha256Prefix}; ` +
        'what came was not kept',
    );
    expect(failure).toBe('content');
    expect(readdirSync(attempt.folder)).toEqual([]);
  });

  test("a network's login page", async () => {
    const server = await serveFile(content, [answer(200, '<html>', { 'content-type': 'text/html' })]);
    expect((await failureOf(attemptAt(server.url))).message).toContain(
      'a web page came, perhaps the login page of a network',
    );
  });

  test('nothing answers', async () => {
    const url = await unreachableUrl();
    const { message, failure } = await failureOf(attemptAt(url));
    expect(message).toBe(`${url.slice('http://'.length)} cannot be reached (ECONNREFUSED)`);
    expect(failure).toBe('network');
  });

  test('a port that is not for HTTP', async () => {
    const { message, failure } = await failureOf(attemptAt('http://127.0.0.1:1'));
    expect(message).toBe('http://127.0.0.1:1/file.pth: bad port');
    expect(failure).toBe('refused');
  });

  test('a full disk: what came is removed, as it would keep the disk full', async () => {
    const server = await serveFile(content, [good]);
    const attempt = attemptAt(server.url);
    let calls = 0;
    patchFileSystem('writeSync', (real) => (...words) => {
      calls += 1;
      if (calls > 1) throw systemError('ENOSPC', 'write');
      return real(...words);
    });
    const error = await failureOf(attempt);
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toBe(
      `${attempt.path}: cannot be written (ENOSPC: the disk is full; free some space)`,
    );
    expect(readdirSync(attempt.folder)).toEqual([]);
  });

  test('a folder that cannot be written', async () => {
    const server = await serveFile(content, [good]);
    const attempt = attemptAt(server.url);
    failAlways('openSync', 'EROFS');
    const error = await failureOf(attempt);
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toContain(
      `${attempt.path}: cannot be written (EROFS: the file system is read-only`,
    );
  });

  test('a file in the place of the folder', async () => {
    const server = await serveFile(content, [good]);
    const attempt = attemptAt(server.url);
    writeFileSync(attempt.folder, '');
    await expect(download(attempt.options)).rejects.toThrow(`${attempt.path}: cannot be written (`);
    expect(server.requests).toEqual([]);
  });
});

test('a file that is there is used without writing, as in a cache that cannot be written', async () => {
  const attempt = attemptAt('http://127.0.0.1:1');
  mkdirSync(attempt.folder);
  writeFileSync(attempt.path, content);
  const before = statSync(attempt.folder).mtimeMs;
  failAlways('renameSync', 'EROFS');
  failAlways('writeSync', 'EROFS');
  expect(await download(attempt.options)).toBe(false);
  expect(statSync(attempt.folder).mtimeMs).toBe(before);
});
