/** Checks downloads against a server on this machine that cuts, stalls, refuses and lies. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DownloadError, FileError } from 'coarsely/errors';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type DownloadOptions, download } from '#files/download.js';
import { failAlways, patchFileSystem, systemError } from '../support/broken-file-system.js';
import {
  answer,
  cutAfter,
  good,
  hangAfter,
  listen,
  serveFile,
  slowly,
  unreachableUrl,
  withoutRanges,
} from '../support/file-server.js';

/** 300 000 bytes that no compression and no repetition makes right by accident. */
const content = Buffer.concat(
  Array.from({ length: 9375 }, (_, index) => createHash('sha256').update(String(index)).digest()),
);
const sha256 = createHash('sha256').update(content).digest('hex');
const sha256Prefix = sha256.slice(0, 8);

beforeEach(() => {
  for (const name of ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY']) {
    vi.stubEnv(name, undefined);
  }
});

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-download-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Attempt {
  readonly options: DownloadOptions;
  readonly path: string;
  readonly folder: string;
  readonly retries: string[];
}

function attemptAt(url: string, changes: Partial<DownloadOptions> = {}): Attempt {
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

function expectOnly({ folder, path }: Attempt): void {
  expect(readdirSync(folder)).toEqual(['file.pth']);
  expect(readFileSync(path).equals(content)).toBe(true);
}

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

describe('proxies', () => {
  /** Passes requests on, as a proxy of a company does, and records them. */
  async function proxy(): Promise<{ url: string; passed: string[] }> {
    const passed: string[] = [];
    const url = await listen(
      (request, response) => {
        passed.push(`${request.method} ${request.url}`);
        void fetch(request.url ?? '').then(async (answered) =>
          response.writeHead(answered.status).end(Buffer.from(await answered.arrayBuffer())),
        );
      },
      (server) =>
        server.on('connect', ({ url: target }, socket) => {
          passed.push(`CONNECT ${target}`);
          socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        }),
    );
    return { url, passed };
  }

  test('HTTP_PROXY is honored', async () => {
    const [server, { url, passed }] = [await serveFile(content, [good]), await proxy()];
    vi.stubEnv('HTTP_PROXY', url);
    const attempt = attemptAt(server.url);
    await download(attempt.options);
    expectOnly(attempt);
    expect(passed).toEqual([`GET ${server.url}/file.pth`]);
  });

  test('NO_PROXY is honored', async () => {
    const [server, { url, passed }] = [await serveFile(content, [good]), await proxy()];
    vi.stubEnv('HTTP_PROXY', url);
    vi.stubEnv('NO_PROXY', 'example.org,127.0.0.1');
    await download(attemptAt(server.url).options);
    expect(passed).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test('HTTPS_PROXY gets a tunnel, and its refusal is told', async () => {
    const { url, passed } = await proxy();
    vi.stubEnv('HTTPS_PROXY', url);
    const attempt = attemptAt('https://weights.example');
    await expect(download(attempt.options)).rejects.toThrow(
      'weights.example: the proxy refuses: Proxy response (403)',
    );
    expect(passed).toEqual(['CONNECT weights.example:443']);
  });

  test('a proxy that is no URL is named', async () => {
    vi.stubEnv('HTTP_PROXY', 'proxy without scheme');
    await expect(download(attemptAt('http://weights.example').options)).rejects.toThrow(
      'HTTP_PROXY: expected a URL such as http://proxy.example:3128',
    );
  });
});

describe('several processes', () => {
  const program = `
    import { download } from ${JSON.stringify(join(import.meta.dirname, '../../dist/files/download.js'))};
    const fetched = await download({ ...JSON.parse(process.argv[1]), onWait: () => console.log('waits') });
    console.log(fetched ? 'fetched' : 'found');`;

  function start(options: DownloadOptions) {
    const words = ['--input-type=module', '-e', program, JSON.stringify(options)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
    return { child, ended: once(child, 'close').then(() => text.trim().split('\n')) };
  }

  test('fetch a file once: one downloads, the others wait for it', async () => {
    const server = await serveFile(content, [slowly(15, 100)]);
    const attempt = attemptAt(server.url);
    const said = await Promise.all([1, 2, 3].map(() => start(attempt.options).ended));
    expectOnly(attempt);
    expect(server.requests).toEqual(['GET /file.pth']);
    expect(said.map((lines) => lines.at(-1)).sort()).toEqual(['fetched', 'found', 'found']);
  });

  test('two calls of one process share a download as well', async () => {
    const server = await serveFile(content, [slowly(4, 30)]);
    const attempt = attemptAt(server.url);
    const results = await Promise.all([download(attempt.options), download(attempt.options)]);
    expect(results.sort()).toEqual([false, true]);
    expect(server.requests).toHaveLength(1);
  });

  test('one that is killed leaves what came, and the next start goes on', async () => {
    const server = await serveFile(content, [hangAfter(100_000), good]);
    const attempt = attemptAt(server.url);
    const { child, ended } = start(attempt.options);
    const part = `${attempt.path}.part`;
    while ((statSync(part, { throwIfNoEntry: false })?.size ?? 0) < 100_000) await delay(20);
    child.kill('SIGKILL');
    await ended;
    expect(readdirSync(attempt.folder).sort()).toEqual(['file.pth.lock', 'file.pth.part']);
    await download(attempt.options);
    expectOnly(attempt);
    expect(server.requests).toEqual(['GET /file.pth', 'GET /file.pth bytes=100000-']);
  });

  test('one on another machine counts while it shows that it works, and not when it is silent', async () => {
    const server = await serveFile(content, [good]);
    const attempt = attemptAt(server.url, { stallMilliseconds: 20 });
    mkdirSync(attempt.folder);
    const owner = JSON.stringify({ pid: 1, host: `${hostname()}-elsewhere` });
    writeFileSync(`${attempt.path}.lock`, owner);
    const waits: unknown[] = [];
    const begun = performance.now();
    await download({ ...attempt.options, onWait: (one) => waits.push(one) });
    expect(performance.now() - begun).toBeGreaterThan(150);
    expect(waits).toEqual([{ pid: 1, host: `${hostname()}-elsewhere`, started: null }]);
    expectOnly(attempt);
  });
});
