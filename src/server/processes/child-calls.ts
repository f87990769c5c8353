/**
 * Lets another process of this machine do what takes long, one call after the other, so that the server goes on answering.
 * The process is started by the first call and ended when nothing has been asked for a while, which frees its memory.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { CoarselyError } from '../../errors/index.js';
import { deserializeError } from '../../errors/internal.js';
import type { CallMessage, ReplyMessage } from './serve-calls.js';

/** Configures `ChildCalls`. */
export interface ChildCallsOptions {
  /** Says in messages what the process does, as in `the process that predicts`. */
  readonly name: string;
  /** Limits the time for which an unused process is kept, in milliseconds. */
  readonly idleMilliseconds?: number;
  /** Is called with what the process tells of the call under way. */
  readonly onProgress?: (progress: unknown) => void;
}

interface OpenCall {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Calls a process whose module ends in `serveCalls`. */
export class ChildCalls<Request, Answer> {
  readonly #module: URL;
  readonly #options: ChildCallsOptions;
  readonly #open = new Map<number, OpenCall>();
  #child: ChildProcess | null = null;
  #idle: NodeJS.Timeout | null = null;
  #calls = 0;

  constructor(module: URL, options: ChildCallsOptions) {
    this.#module = module;
    this.#options = options;
  }

  /**
   * Sends a request and awaits its answer.
   *
   * @throws {CoarselyError} when the process ends before it answers, and what the process itself throws
   */
  call(request: Request): Promise<Answer> {
    const child = this.#start();
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      child.send({ id, request } satisfies CallMessage, (error) => {
        if (error !== null) this.#settle(id)?.reject(error);
      });
    });
  }

  /** Ends the process; calls under way fail. */
  async close(): Promise<void> {
    const child = this.#child;
    if (this.#idle !== null) clearTimeout(this.#idle);
    if (child === null) return;
    this.#ended(child, 'closed');
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL'); // It holds nothing that could be lost: files are written whole or not at all.
    await ended;
  }

  #start(): ChildProcess {
    if (this.#idle !== null) clearTimeout(this.#idle);
    if (this.#child !== null) return this.#child;
    const child = fork(this.#module, {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.#child = child;
    child.on('message', (message: ReplyMessage) => this.#receive(message));
    child.on('error', () => this.#ended(child, null));
    child.on('exit', (code, signal) => this.#ended(child, signal ?? code));
    return child;
  }

  #receive(message: ReplyMessage): void {
    if ('progress' in message) {
      this.#options.onProgress?.(message.progress);
      return;
    }
    const call = this.#settle(message.id);
    if ('error' in message) call?.reject(deserializeError(message.error));
    else call?.resolve(message.answer);
  }

  #settle(id: number): OpenCall | undefined {
    const call = this.#open.get(id);
    this.#open.delete(id);
    if (this.#open.size === 0) {
      if (this.#idle !== null) clearTimeout(this.#idle);
      this.#idle = setTimeout(() => void this.close(), this.#options.idleMilliseconds ?? 120_000);
      this.#idle.unref();
    }
    return call;
  }

  #ended(child: ChildProcess, how: string | number | null): void {
    if (this.#child !== child) return;
    this.#child = null;
    const reason = how === 'SIGKILL' ? 'it was ended from outside, or memory ran out' : `${how}`;
    for (const { reject } of this.#open.values()) {
      reject(new CoarselyError(`${this.#options.name} ended before it had answered (${reason}); try again`));
    }
    this.#open.clear();
  }
}
