/** Receives the rest of a partial file by one HTTP request, and tells failures that may pass from those that stay. */

import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import type { Dispatcher, Response } from 'undici';
import { ConfigError, DownloadError } from '../errors/index.js';
import { writeAll } from './atomic.js';
import { isSystemError } from './system-errors.js';

/** Says how much of a file has come. */
export interface DownloadProgress {
  readonly bytes: number;
  /** Gives the bytes of the whole file; null where the server does not say. */
  readonly totalBytes: number | null;
}

/** Configures `receive`. */
export interface ReceiveOptions {
  readonly url: string;
  /** Names the partial file, which the request continues where the server can. */
  readonly part: string;
  readonly stallMilliseconds: number;
  readonly onProgress: (progress: DownloadProgress) => void;
}

/** Describes what was received. */
export interface Received {
  readonly contentType: string;
}

/** Reports a failure after which another attempt may succeed. */
export class ConnectionError extends Error {}

/** Names the errors of a machine without a network, or of a host that is not there; waiting a moment changes nothing. */
const unreachable: ReadonlySet<string | undefined> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'EACCES',
  'EPERM',
]);

/** Names the statuses that servers answer while they are busy or being restarted. */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Completes the partial file, or throws with what has come in it.
 *
 * @throws {ConnectionError} when the connection broke, stalled or ended early, or the server is busy
 * @throws {DownloadError} when nothing answers or the server refuses
 * @throws {ConfigError} when a variable does not name a proxy
 * @throws {Error} of the file system when the file cannot be written
 */
export async function receive(options: ReceiveOptions): Promise<Received> {
  // Loaded here, as most commands fetch nothing.
  const { fetch } = await import('undici');
  const { url, part, stallMilliseconds } = options;
  const start = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  const stall = new StallWatch(stallMilliseconds);
  const dispatcher = await proxies();
  try {
    const response = await fetch(url, {
      dispatcher,
      signal: stall.signal,
      headers: { 'accept-encoding': 'identity', ...(start > 0 && { range: `bytes=${start}-` }) },
    });
    return await keepBody(response, { ...options, start, stall });
  } catch (error) {
    throw explained(error, { url, stall });
  } finally {
    stall.end();
    await dispatcher.destroy();
  }
}

/** Returns connections that follow HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
async function proxies(): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await import('undici');
  try {
    // A watch of our own ends stalled transfers. Without a tunnel, a plain http URL is asked of the proxy itself, as other
    // programs do; an https URL always gets a tunnel.
    return new EnvHttpProxyAgent({ headersTimeout: 0, bodyTimeout: 0, proxyTunnel: false });
  } catch (cause) {
    const set = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].filter(
      (name) => process.env[name],
    );
    throw new ConfigError(`${set.join(', ')}: expected a URL such as http://proxy.example:3128`, { cause });
  }
}

interface BodyOptions extends ReceiveOptions {
  /** Gives the bytes that the partial file had. */
  readonly start: number;
  readonly stall: StallWatch;
}

async function keepBody(response: Response, options: BodyOptions): Promise<Received> {
  const { url, part, start } = options;
  const { status } = response;
  const received = { contentType: response.headers.get('content-type') ?? '' };
  const range = contentRange(response);
  if (status === 416) {
    // The whole file came before, and only its name was not given yet.
    if (start > 0 && range?.total === start) return received;
    rmSync(part, { force: true });
    throw new ConnectionError('the server does not continue the file');
  }
  if (status === 206 && (range === null || range.first !== start)) {
    rmSync(part, { force: true });
    throw new ConnectionError('the server continued at another place');
  }
  if (status !== 200 && status !== 206) throw refusal(response, url);
  const length = lengthOf(response);
  const from = status === 206 ? start : 0;
  const totalBytes = range?.total ?? (length === null ? null : from + length);
  const bytes = await appendBody(response, { ...options, from, totalBytes });
  if (totalBytes !== null && bytes !== totalBytes) {
    throw new ConnectionError(`the transfer ended after ${bytes} of ${totalBytes} bytes`);
  }
  return received;
}

/** Writes the body behind the first `from` bytes of the partial file and returns how many bytes it has then. */
async function appendBody(
  response: Response,
  {
    part,
    from,
    totalBytes,
    stall,
    onProgress,
  }: BodyOptions & { readonly from: number; readonly totalBytes: number | null },
): Promise<number> {
  const descriptor = openSync(part, from === 0 ? 'w' : 'a');
  let bytes = from;
  try {
    onProgress({ bytes, totalBytes });
    for await (const piece of response.body ?? []) {
      stall.progress();
      writeAll(descriptor, piece as Uint8Array);
      bytes += (piece as Uint8Array).length;
      onProgress({ bytes, totalBytes });
    }
  } finally {
    closeSync(descriptor);
  }
  return bytes;
}

function lengthOf(response: Response): number | null {
  const text = response.headers.get('content-length');
  // Of a body in another encoding, which is undone, the length says nothing.
  const encoding = response.headers.get('content-encoding') ?? 'identity';
  return text === null || encoding !== 'identity' ? null : Number(text);
}

/** Reads `bytes 5-9/10`, or `bytes *\/10` of a range that the file does not have. */
function contentRange(
  response: Response,
): { readonly first: number | null; readonly total: number | null } | null {
  const match = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  if (match === null) return null;
  const [, first, total] = match;
  return { first: first === undefined ? null : Number(first), total: total === '*' ? null : Number(total) };
}

function refusal({ status, statusText }: Response, url: string): Error {
  const answer = `the server answers ${status}${statusText === '' ? '' : ` ${statusText}`}`;
  if (passingStatuses.has(status)) return new ConnectionError(answer);
  const missing = status === 404 || status === 410 ? ', it has no such file' : '';
  return new DownloadError(`${url}: ${answer}${missing}`, { failure: 'refused' });
}

/** Returns the error to throw for what `fetch` or its body threw. */
function explained(
  error: unknown,
  { url, stall }: { readonly url: string; readonly stall: StallWatch },
): unknown {
  if (stall.stalled) return new ConnectionError(`no data came for ${stall.milliseconds / 1000} s`);
  if (error instanceof ConnectionError || error instanceof DownloadError) return error;
  // Errors of writing the file are the caller's; those of the network stand inside the error of `fetch`.
  if (isSystemError(error) || !(error instanceof TypeError)) return error;
  const cause = innermost(error);
  const code = (cause as NodeJS.ErrnoException).code;
  const { host } = new URL(url);
  if (unreachable.has(code) || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new DownloadError(`${host} cannot be reached (${code})`, { cause: error, failure: 'network' });
  }
  if (/CERT|SELF_SIGNED|ISSUER|SIGNATURE/.test(code ?? '')) {
    return new DownloadError(
      `${host}: its certificate is not trusted (${code}); behind a proxy that replaces certificates, set ` +
        "NODE_EXTRA_CA_CERTS to the proxy's certificate",
      { cause: error, failure: 'network' },
    );
  }
  if (/HTTP Tunneling/.test(cause.message)) {
    return new DownloadError(`${host}: the proxy refuses: ${cause.message}`, {
      cause: error,
      failure: 'network',
    });
  }
  // A URL that leads nowhere, such as one of a port that is not for HTTP, or a circle of redirects.
  if (code === undefined) {
    return new DownloadError(`${url}: ${cause.message}`, { cause: error, failure: 'refused' });
  }
  return new ConnectionError(`the connection broke (${code})`, { cause: error });
}

function innermost(error: Error): Error {
  const { cause } = error;
  // Node tries every address of a host, and reports all that it tried.
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return innermost(cause.errors[0]);
  return cause instanceof Error ? innermost(cause) : error;
}

/** Ends a transfer when no data came for some time. */
class StallWatch {
  readonly milliseconds: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
    this.#timer = setTimeout(() => this.#controller.abort(), milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get stalled(): boolean {
    return this.#controller.signal.aborted;
  }

  progress(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
