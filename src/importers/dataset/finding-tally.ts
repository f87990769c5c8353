/** Counts what an import left out or assumed: findings of one kind together, with a few examples. */

import { join } from 'node:path';
import type { ImportFinding } from '../importer.js';

/** Holds how often something was found. */
export interface CountedFinding {
  /** Names the kind of finding: `degenerate-shape` or `missing-image`. */
  readonly code: string;
  /** Says what was found and what was made of it. */
  readonly message: string;
  readonly count: number;
  /** Names the first places: a file, and the place in it. */
  readonly examples: readonly string[];
}

const shownExamples = 5;
/** Limits the kinds, as messages name classes, and a damaged file can name any number. */
const mostKinds = 500;
const others = { code: 'further-findings', message: 'further findings are counted together' };

/** Groups findings by code and message. Memory does not grow with the number of files. */
export class FindingTally {
  readonly #root: string;
  readonly #kinds = new Map<string, { code: string; message: string; count: number; examples: string[] }>();

  /** Paths in examples are shown relative to `root`. */
  constructor(root: string) {
    this.#root = join(root, '/');
  }

  add({ code, message, example }: ImportFinding): void {
    const key = `${code} ${message}`;
    const isKnown = this.#kinds.has(key) || this.#kinds.size < mostKinds;
    const kind = isKnown ? { code, message } : others;
    const kindKey = isKnown ? key : others.code;
    const tally = this.#kinds.get(kindKey) ?? { ...kind, count: 0, examples: [] };
    this.#kinds.set(kindKey, tally);
    tally.count++;
    if (tally.examples.length < shownExamples && example !== '')
      tally.examples.push(this.#shortened(example));
  }

  /** Returns the findings, those of images first and otherwise as they came. */
  findings(): readonly CountedFinding[] {
    return [...this.#kinds.values()];
  }

  #shortened(example: string): string {
    return example.startsWith(this.#root) ? example.slice(this.#root.length) : example;
  }
}
