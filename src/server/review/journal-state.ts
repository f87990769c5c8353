/** Says what the journal holds about each region, and what can be taken back. */

import type { Decision, JournalLine } from '../../review/index.js';
import { orderLines } from '../../review/internal.js';
import type { ServedJournal } from '../served-journal.js';

/** Is a decision about a region of an audit. */
export type RegionDecision = Extract<Decision, { region: unknown }>;

/** Holds what is decided. */
export interface JournalState {
  /** Holds the last decision about each region, by the region's id. */
  readonly regions: ReadonlyMap<string, RegionDecision>;
  /** Lists the decisions that hold, in the order of the journal. */
  readonly decisions: readonly Decision[];
}

/** Follows a journal: what it holds is put in order again only after a line came. */
export class FollowedJournal {
  readonly #journal: ServedJournal;
  #state: (JournalState & { readonly length: number; readonly last: JournalLine | undefined }) | null = null;

  constructor(journal: ServedJournal) {
    this.#journal = journal;
  }

  /**
   * Returns what is decided now.
   *
   * @throws {DataError} when the file is no journal
   */
  state(): JournalState {
    const lines = this.#journal.lines();
    const last = lines.at(-1);
    if (this.#state?.length === lines.length && this.#state.last?.id === last?.id) return this.#state;
    const placed = lines.map((line, index) => ({ line, place: `line ${index + 1}` }));
    const decisions = orderLines([placed], { prefer: null }).decisions.map(({ line }) => line);
    const regions = new Map<string, RegionDecision>();
    for (const line of decisions) if ('region' in line) regions.set(line.region.id, line);
    this.#state = { regions, decisions, length: lines.length, last };
    return this.#state;
  }
}
