import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { startServer, type ViewServer } from 'coarsely/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, viewWorkspace, writeSmallDataset } from '../support/view-workspace.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

describe('a server on this machine', () => {
  const { folder, remove } = temporaryFolder();
  const workspace = viewWorkspace(folder);
  let server: ViewServer;
  let token = '';

  beforeAll(async () => {
    await writeSmallDataset(join(folder, 'data'));
    server = await startServer(workspace);
    token = new URL(server.url).searchParams.get('token') ?? '';
  });
  afterAll(async () => {
    await server.close();
    remove();
  });

  /** Sends a call as it is: fetch would not let a test choose Host and Origin. */
  function send(
    path: string,
    { method = 'GET', body, ...headers }: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = request({ port: server.port, host: '127.0.0.1', path, method, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      });
      call.on('error', reject);
      call.end(body);
    });
  }
  const withCookie = (more: Readonly<Record<string, string>> = {}) => ({
    cookie: `coarsely-${server.port}=${token}`,
    ...more,
  });

  it('listens on this machine alone, with a token of 256 bits', () => {
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/?token=${token}`);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  });

  it('takes the token once and keeps it as a cookie that scripts and other sites do not get', async () => {
    const { status, headers } = await send(`/?token=${token}`);
    expect(status).toBe(302);
    expect(headers.location).toBe('/');
    expect(headers['set-cookie']).toEqual([
      `coarsely-${server.port}=${token}; Path=/; HttpOnly; SameSite=Strict`,
    ]);
  });

  it('lets a link on another site lead here, by a page that asks again', async () => {
    const visit = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    const { status, text } = await send(`/?token=${token}`, visit);
    expect(status).toBe(200);
    expect(text).toContain('http-equiv="refresh" content="0;url=/"');
    expect(text).not.toContain(token);
  });

  it.each([
    ['no token', '/api/workspace', {}, 'the token is missing'],
    ['a wrong cookie', '/api/workspace', { cookie: 'COOKIE=wrong' }, 'the token is not that of this server'],
    [
      'a wrong bearer',
      '/api/workspace',
      { authorization: 'Bearer wrong' },
      'the token is not that of this server',
    ],
    [
      'a wrong token in the address',
      '/?token=wrong',
      {},
      'the token in the address is not that of this server',
    ],
    ['a token in the address of a call', '/api/workspace?token=TOKEN', {}, 'the token is missing'],
  ])('refuses %s', async (_, path, headers, reason) => {
    const given = Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [
        key,
        value.replace('COOKIE', `coarsely-${server.port}`),
      ]),
    );
    const { status, text } = await send(path.replace('TOKEN', token), given);
    expect(status).toBe(403);
    expect(JSON.parse(text)).toEqual({ error: reason });
  });

  it('tells a person without the token what to do', async () => {
    const { status, text } = await send('/', { accept: 'text/html' });
    expect(status).toBe(403);
    expect(text).toContain('<code>coarsely view</code> printed in its terminal');
  });

  it('answers to the token as a cookie and as a bearer', async () => {
    expect((await send('/api/workspace', withCookie())).status).toBe(200);
    expect((await send('/api/workspace', { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await send('/api/workspace', withCookie({ host: `localhost:${server.port}` }))).status).toBe(200);
  });

  it.each(['evil.example', 'evil.example:PORT', '127.0.0.1', '127.0.0.1:1', '127.0.0.1.evil.example:PORT'])(
    'refuses the host %s, even with the token',
    async (host) => {
      const name = host.replace('PORT', String(server.port));
      const { status, text } = await send('/api/workspace', withCookie({ host: name }));
      expect(status).toBe(403);
      expect(JSON.parse(text).error).toContain(`received '${name}'`);
    },
  );

  it.each([
    ['a foreign Origin', { origin: 'http://evil.example' }],
    ['the Origin of another port', { origin: 'http://127.0.0.1:1' }],
    ['the Origin null of a sandboxed frame', { origin: 'null' }],
    ['a picture on another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['a call from another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }],
    [
      'a link of another site to a call',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ],
  ])('refuses %s, even with the token', async (_, headers) => {
    const { status, text } = await send('/api/workspace', withCookie(headers));
    expect(status).toBe(403);
    expect(JSON.parse(text).error).toBe('the call comes from a page of another site');
  });

  it('refuses a form of another site', async () => {
    const { status } = await send(
      '/api/jobs',
      withCookie({
        method: 'POST',
        origin: 'http://evil.example',
        'content-type': 'text/plain',
        body: '{"kind":"audit"}',
      }),
    );
    expect(status).toBe(403);
  });

  it.each([
    '/../package.json',
    '/%2e%2e/package.json',
    '/assets/..%2f..%2fcli/main.js',
    '/api/../../index.js',
  ])('has nothing at %s', async (path) => {
    const { status, text } = await send(path, withCookie());
    expect(status).toBe(404);
    expect(text).not.toContain('import');
  });

  it('serves the page under a policy that allows its own files alone', async () => {
    const { status, headers, text } = await send('/', withCookie());
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html/);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cache-control']).toBe('no-store');
    const script = /src="\.(\/assets\/[^"]+\.js)"/.exec(text)?.[1] ?? '';
    const served = await send(script, withCookie());
    expect(served.headers['content-type']).toMatch(/javascript/);
    expect(served.headers['x-content-type-options']).toBe('nosniff');
  });

  it('refuses a huge upload', async () => {
    const body = JSON.stringify({ kind: 'audit', options: { text: 'a'.repeat(5 * 2 ** 20) } });
    const { status, text } = await send(
      '/api/jobs',
      withCookie({ method: 'POST', 'content-type': 'application/json', body }),
    );
    expect(status).toBe(413);
    expect(JSON.parse(text)).toEqual({ error: 'the call brings more than 4 MiB, which nothing here needs' });
  });

  it('keeps the token where only its owner can read it, for the server that is started again', async () => {
    const file = join(workspace.cache, 'server.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(workspace.cache).mode & 0o777).toBe(0o700);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ token, port: server.port });
    const { url, port } = server;
    await server.close();
    server = await startServer(workspace);
    expect([server.url, server.port]).toEqual([url, port]);
  });

  it('says that a port is in use, and takes another one when none was asked for', async () => {
    await expect(
      startServer(viewWorkspace(folder, { cache: join(folder, 'other') }), { port: server.port }),
    ).rejects.toThrow(`port ${server.port}: is in use, perhaps by another coarsely view`);
    const second = await startServer(workspace);
    expect(second.port).not.toBe(server.port);
    await second.close();
  });
});
