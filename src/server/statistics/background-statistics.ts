/**
 * Counts the labels of all images of a split while nobody waits for it. Filters work on what is known so far and say how
 * much that is.
 */

import type { ServerContext } from '../context.js';
import type { ServedDataset } from '../dataset/served-dataset.js';
import { ChildCalls } from '../processes/child-calls.js';
import type { ImageStatistics, StatisticsRequest } from './statistics-process.js';
import { StatisticsTable } from './statistics-table.js';

/** Counts the images that are asked for at a time. */
const together = 512;
/** Is the least time between two events that tell the pages of progress, in milliseconds. */
const leastMilliseconds = 1500;
/** Is the time after which files are looked at again, as labels may be edited in place, in milliseconds. */
const freshMilliseconds = 60_000;

interface Pass {
  readonly split: string;
  readonly labels: string;
  readonly table: StatisticsTable;
  readonly names: (from: number, count: number) => string[];
  /** Is the place of the next image. */
  next: number;
  /** Says why counting stopped; null where it did not. */
  error: string | null;
  finished: number | null;
}

/** Keeps tables of statistics and fills them. */
export class BackgroundStatistics {
  readonly #context: ServerContext;
  readonly #child: ChildCalls<StatisticsRequest, ImageStatistics[]>;
  #dataset: ServedDataset | null = null;
  #passes = new Map<string, Pass>();
  /** Lists the passes that are not through, the one to do next last. */
  #waiting: Pass[] = [];
  #working = false;
  #told = 0;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#child = new ChildCalls(new URL('./statistics-process.js', import.meta.url), {
      name: 'the process that counts labels',
    });
    context.onClose(() => this.close());
  }

  /** Returns the table of a split's labels, which fills in the background, and why it does not where it failed. */
  async of(
    split: string,
    labels: string,
  ): Promise<{ readonly table: StatisticsTable; readonly error: string | null }> {
    const dataset = await this.#context.dataset();
    if (dataset !== this.#dataset) this.#forget();
    this.#dataset = dataset;
    const key = JSON.stringify([split, labels]);
    let pass = this.#passes.get(key);
    if (pass === undefined) {
      const list = await dataset.images(split);
      pass = this.#passes.get(key) ?? {
        ...{ split, labels },
        table: new StatisticsTable(list.length, dataset.classes.length),
        names: (from, count) =>
          Array.from({ length: Math.min(count, list.length - from) }, (_, place) => list.name(from + place)),
        ...{ next: 0, error: null, finished: null },
      };
      this.#passes.set(key, pass);
      this.#waiting.push(pass);
    } else if (pass.finished !== null && Date.now() - pass.finished > freshMilliseconds) {
      Object.assign(pass, { next: 0, error: null, finished: null });
      this.#waiting.push(pass);
    }
    if (!this.#working) void this.#work();
    return pass;
  }

  /** Ends counting. */
  close(): Promise<void> {
    this.#waiting = [];
    return this.#child.close();
  }

  /** Begins again, as files came or went. */
  #forget(): void {
    this.#passes = new Map();
    this.#waiting = [];
    void this.#child.close();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let pass = this.#waiting.at(-1); pass !== undefined; pass = this.#waiting.at(-1)) {
      if (pass.next < pass.table.length) await this.#advance(pass);
      if (pass.next < pass.table.length && pass.error === null) continue;
      pass.finished = Date.now();
      this.#waiting = this.#waiting.filter((other) => other !== pass);
      this.#tell(true);
    }
    this.#working = false;
  }

  async #advance(pass: Pass): Promise<void> {
    const { split, labels, table } = pass;
    const { workspace } = this.#context;
    try {
      const names = pass.names(pass.next, together);
      const found = await this.#child.call({ workspace, split, labels, names });
      for (const statistics of found) table.set(pass.next++, statistics);
      this.#tell(false);
    } catch (error) {
      pass.error = error instanceof Error ? error.message : String(error);
    }
  }

  #tell(done: boolean): void {
    if (!done && Date.now() - this.#told < leastMilliseconds) return;
    this.#told = Date.now();
    this.#context.events.publish({ type: 'statistics' });
  }
}
