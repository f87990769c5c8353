/** Serves a file on this machine as scripted, one behavior for each request, to meet servers and networks of every kind. */

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Answers one request for `content`. */
export type Behavior = (request: IncomingMessage, response: ServerResponse, content: Buffer) => void;

export interface FileServer {
  readonly url: string;
  /** The requests that came: method, path and range. */
  readonly requests: string[];
}

/** Starts a server whose last behavior answers all further requests; it ends with the test. */
export async function serveFile(content: Buffer, behaviors: readonly Behavior[]): Promise<FileServer> {
  const requests: string[] = [];
  const url = await listen((request, response) => {
    const behavior = behaviors[Math.min(requests.length, behaviors.length - 1)];
    requests.push([request.method, request.url, request.headers.range].filter(Boolean).join(' '));
    behavior?.(request, response, content);
  });
  return { url, requests };
}

/** Starts a server on a free port and returns its URL; it ends with the test. */
export async function listen(
  onRequest: RequestListener,
  prepare: (server: ReturnType<typeof createServer>) => void = () => undefined,
): Promise<string> {
  const server = createServer(onRequest);
  prepare(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Returns a URL of this machine at which nothing answers: its port was free a moment ago. */
export function unreachableUrl(): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(`http://127.0.0.1:${port}`));
    });
  });
}

/** Sends the file, or the rest that the request asks for. */
export const good: Behavior = (request, response, content) => {
  const first = firstByte(request);
  if (first === null) {
    response.writeHead(200, { 'content-length': content.length }).end(content);
  } else if (first >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  } else {
    startOfRest(response, { first, content });
    response.end(content.subarray(first));
  }
};

/** Sends the whole file, whatever part the request asks for. */
export const withoutRanges: Behavior = (_request, response, content) =>
  void response.writeHead(200, { 'content-length': content.length }).end(content);

/** Sends the first bytes, of the file or of the rest that the request asks for, and breaks the connection. */
export function cutAfter(bytes: number, { ranges = true } = {}): Behavior {
  return (request, response, content) => {
    const first = ranges ? firstByte(request) : null;
    if (first === null) response.writeHead(200, { 'content-length': content.length });
    else startOfRest(response, { first, content });
    const start = first ?? 0;
    response.write(content.subarray(start, start + bytes), () => setTimeout(() => response.destroy(), 20));
  };
}

/** Sends the first bytes and then nothing more. */
export function hangAfter(bytes: number): Behavior {
  return (_request, response, content) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, bytes));
  };
}

/** Sends the file in small pieces with pauses between them. */
export function slowly(pieces: number, pauseMilliseconds: number): Behavior {
  return (request, response, content) => {
    const first = firstByte(request) ?? 0;
    if (first === 0) response.writeHead(200, { 'content-length': content.length });
    else startOfRest(response, { first, content });
    const size = Math.ceil((content.length - first) / pieces);
    let at = first;
    const timer = setInterval(() => {
      response.write(content.subarray(at, at + size));
      at += size;
      if (at < content.length) return;
      clearInterval(timer);
      response.end();
    }, pauseMilliseconds);
    response.on('close', () => clearInterval(timer));
  };
}

/** Answers with a status and a text. */
export function answer(status: number, text = '', headers: Record<string, string> = {}): Behavior {
  return (_request, response) => void response.writeHead(status, headers).end(text);
}

function firstByte(request: IncomingMessage): number | null {
  const match = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  return match === null ? null : Number(match[1]);
}

function startOfRest(
  response: ServerResponse,
  { first, content }: { readonly first: number; readonly content: Buffer },
): void {
  response.writeHead(206, {
    'content-length': content.length - first,
    'content-range': `bytes ${first}-${content.length - 1}/${content.length}`,
  });
}
