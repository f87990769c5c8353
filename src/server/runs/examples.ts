/** Makes example pictures of runs in a process of its own, one run at a time, and keeps them in the cache folder. */

import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseJson, readText } from '../../files/index.js';
import type { ExamplesContent } from '../../report/internal.js';
import type { ServerContext } from '../context.js';
import { stateOf } from './run-cache.js';
import type { FoundRun } from './run-folders.js';

/** Says what there is of a run's examples. */
export type RunExamplesAnswer =
  | { readonly state: 'ready'; readonly examples: ExamplesContent }
  /** The pictures are being made; an event of the run tells when they are there. */
  | { readonly state: 'working' }
  | { readonly state: 'failed'; readonly error: string };

const program = fileURLToPath(new URL('./examples-process.js', import.meta.url));
/** Limits the files of pictures, each below a few megabytes. */
const mostFiles = 60;

/** Is sent to the process that makes the pictures. */
export interface ExamplesJob {
  readonly folder: string;
  readonly count: number;
  readonly file: string;
}

/** Makes and keeps examples. */
export class RunExamples {
  readonly #context: ServerContext;
  readonly #folder: string;
  readonly #working = new Set<string>();
  readonly #failed = new Map<string, string>();
  #queue: Promise<void> = Promise.resolve();
  readonly #end: AbortController = new AbortController();

  constructor(context: ServerContext) {
    this.#context = context;
    this.#folder = join(context.workspace.cache, 'examples');
    context.onClose(() => this.#end.abort());
  }

  /** Returns the examples of a run's last checkpoint, or begins to make them. */
  async of({ name, folder }: FoundRun, { count }: { readonly count: number }): Promise<RunExamplesAnswer> {
    const state = join(folder, 'state.json');
    const checkpoint = existsSync(state) ? readText(state) : stateOf(folder);
    const key = createHash('sha256')
      .update(JSON.stringify([folder, count, checkpoint]))
      .digest('hex');
    const file = join(this.#folder, `${key.slice(0, 32)}.json`);
    if (existsSync(file)) return { state: 'ready', examples: parseJson(readText(file)) as ExamplesContent };
    const error = this.#failed.get(file);
    if (error !== undefined) return { state: 'failed', error };
    if (!this.#working.has(file)) {
      this.#working.add(file);
      this.#queue = this.#queue.then(async () => {
        try {
          await this.#make({ folder, count, file });
          this.#removeOld();
        } catch (failure) {
          this.#failed.set(file, failure instanceof Error ? failure.message : String(failure));
        }
        this.#working.delete(file);
        this.#context.events.publish({ type: 'run', run: name });
      });
    }
    return { state: 'working' };
  }

  #make(job: ExamplesJob): Promise<void> {
    const { signal } = this.#end;
    return new Promise((resolve, reject) => {
      const child = fork(program, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], signal });
      child.on('message', ({ error }: { readonly error: string | null }) => {
        if (error === null) resolve();
        else reject(new Error(error));
      });
      child.on('error', reject);
      child.on('exit', (code) => reject(new Error(`the pictures could not be made (exit ${code})`)));
      child.send(job);
    });
  }

  /** Removes the files that were made first. */
  #removeOld(): void {
    const files = readdirSync(this.#folder)
      .map((name) => join(this.#folder, name))
      .map((path) => ({ path, time: statSync(path).mtimeMs }))
      .toSorted((a, b) => b.time - a.time);
    for (const { path } of files.slice(mostFiles)) rmSync(path, { force: true });
  }
}
