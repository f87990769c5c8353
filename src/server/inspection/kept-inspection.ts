/**
 * Checks the dataset for the page, once for each state of its folders, and keeps the result for the next start of the
 * server.
 */

import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseJson, writeTextAtomically } from '../../files/index.js';
import type { DatasetInspection } from '../../inspect/index.js';
import { defaultSample } from '../../inspect/internal.js';
import type { ServerContext } from '../context.js';
import { ChildCalls } from '../processes/child-calls.js';
import type { InspectionRequest } from './inspection-process.js';

/** Says how far the check of a dataset is. */
export type InspectionState =
  | { readonly state: 'running'; readonly done: number; readonly total: number | null }
  | { readonly state: 'failed'; readonly error: string }
  | { readonly state: 'done'; readonly inspection: DatasetInspection };

/** Is the least time between two events that tell the pages of progress, in milliseconds. */
const leastMilliseconds = 1000;

/** Checks the dataset when it is first asked for, and again when its folders have changed. */
export class KeptInspection {
  readonly #context: ServerContext;
  readonly #child: ChildCalls<InspectionRequest, DatasetInspection>;
  #key: string | null = null;
  #state: InspectionState = { state: 'running', done: 0, total: null };
  #told = 0;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#child = new ChildCalls(new URL('./inspection-process.js', import.meta.url), {
      name: 'the process that checks the dataset',
      idleMilliseconds: 1000,
      onProgress: (progress) => this.#progress(progress as { readonly done: number; readonly total: number }),
    });
    context.onClose(() => this.#child.close());
  }

  /** Returns what is known, and begins a check where nothing is known of the dataset as it is now. */
  async get(): Promise<InspectionState> {
    const key = await this.#currentKey();
    if (key !== this.#key) await this.#begin(key, { sample: defaultSample });
    return this.#state;
  }

  /** Checks again, and decodes every file. */
  async checkAll(): Promise<InspectionState> {
    await this.#begin(await this.#currentKey(), { sample: null, anew: true });
    return this.#state;
  }

  async #begin(
    key: string,
    { sample, anew = false }: { readonly sample: number | null; readonly anew?: boolean },
  ): Promise<void> {
    this.#key = key;
    this.#state = { state: 'running', done: 0, total: null };
    await this.#child.close();
    const file = join(this.#context.workspace.cache, 'inspection', `${key}.json`);
    const kept = anew ? null : await readKept(file);
    if (this.#key !== key) return;
    if (kept !== null) this.#state = { state: 'done', inspection: kept };
    else void this.#run(file, { key, sample });
  }

  async #run(
    file: string,
    { key, sample }: { readonly key: string; readonly sample: number | null },
  ): Promise<void> {
    const { dataset: root, reading } = this.#context.workspace;
    if (root === null) return;
    const state = await this.#child.call({ root, reading, sample }).then(
      (inspection): InspectionState => ({ state: 'done', inspection }),
      (error: Error): InspectionState => ({ state: 'failed', error: error.message }),
    );
    if (this.#key !== key) return;
    this.#state = state;
    if (state.state === 'done') await keep(file, state.inspection);
    this.#context.events.publish({ type: 'check' });
  }

  #progress({ done, total }: { readonly done: number; readonly total: number }): void {
    this.#state = { state: 'running', done, total };
    if (Date.now() - this.#told < leastMilliseconds) return;
    this.#told = Date.now();
    this.#context.events.publish({ type: 'check' });
  }

  /** Names the state of the dataset's folders: a file that comes, goes or is renamed changes its folder's time. */
  async #currentKey(): Promise<string> {
    const dataset = await this.#context.dataset();
    const folders = await Promise.all(
      (await dataset.folders()).map(async (path) => [path, await changed(path)]),
    );
    const list = await changed(join(dataset.root, 'classes.json'));
    const key = JSON.stringify([folders, list, this.#context.workspace.reading]);
    return createHash('sha256').update(key).digest('hex').slice(0, 32);
  }
}

async function changed(path: string): Promise<number | null> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? null;
}

async function readKept(file: string): Promise<DatasetInspection | null> {
  try {
    return parseJson(await readFile(file)) as DatasetInspection;
  } catch {
    return null;
  }
}

/** A cache that cannot be written costs time and nothing else. */
async function keep(file: string, inspection: DatasetInspection): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    writeTextAtomically(file, JSON.stringify(inspection));
  } catch {
    return;
  }
}
