/** Appends the decisions of all views to the one journal of a workspace, and keeps its lines in memory for those that ask. */

import { existsSync } from 'node:fs';
import { type JournalLine, JournalWriter, type NewJournalLine, readJournal } from '../review/index.js';
import { NotFoundError } from './errors/server-error.js';
import type { EventHub } from './event-hub.js';

/** Configures a `ServedJournal`. */
export interface ServedJournalOptions {
  /** Names the file; null where the workspace has none. */
  readonly path: string | null;
  readonly events: EventHub;
}

/** Is the journal that the page appends to. The file is written by this process alone from the first line on. */
export class ServedJournal implements Disposable {
  readonly #path: string | null;
  readonly #events: EventHub;
  #writer: JournalWriter | null = null;
  #lines: JournalLine[] | null = null;

  constructor({ path, events }: ServedJournalOptions) {
    this.#path = path;
    this.#events = events;
  }

  /**
   * Returns all lines in the order of the file; none where there is no file yet.
   *
   * @throws {NotFoundError} when the workspace names no journal
   * @throws {DataError} when the file is no journal
   */
  lines(): readonly JournalLine[] {
    const path = this.#named();
    if (this.#lines !== null) return this.#lines;
    const lines = existsSync(path) ? readJournal(path).lines.map(({ line }) => line) : [];
    // As long as another program may write the file, it is read anew each time.
    if (this.#writer !== null) this.#lines = lines;
    return lines;
  }

  /**
   * Appends lines; they are on the disk when this returns, and every page is told.
   *
   * @param options.origin is the tab that decided, which knows it already
   * @throws {ConfigError} when another process writes this journal
   * @throws {FileError} when the file cannot be written
   */
  append(
    lines: readonly NewJournalLine[],
    { origin = null }: { readonly origin?: string | null } = {},
  ): readonly JournalLine[] {
    this.#writer ??= JournalWriter.open(this.#named());
    // Read before the lines are written, so that they are not in it twice.
    const all = this.lines() as JournalLine[];
    const written = this.#writer.append(...lines);
    all.push(...written);
    this.#events.publish({ type: 'journal', origin });
    return written;
  }

  [Symbol.dispose](): void {
    this.#writer?.[Symbol.dispose]();
    this.#writer = null;
    this.#lines = null;
  }

  #named(): string {
    if (this.#path !== null) return this.#path;
    throw new NotFoundError('decisions need a dataset; start coarsely view with --data DATASET');
  }
}
