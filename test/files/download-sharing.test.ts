/** Checks downloads through proxies, and by several processes at once. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type DownloadOptions, download } from '#files/download.js';
import { good, hangAfter, listen, serveFile, slowly } from '../support/file-server.js';
import { attemptAt, content, expectOnly, withoutProxies } from './download-fixtures.js';

beforeEach(withoutProxies);

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
