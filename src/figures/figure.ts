/** A figure of the paper, made from runs: files to look at, the numbers behind them, and a table to print. */

import type { JsonValue } from '../runs/internal.js';

/** Holds one file of a figure. */
export interface FigureFile {
  /** Gives the name without a folder, such as `figure-5.svg`. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** Holds everything that is written or printed of a figure. */
export interface Figure {
  readonly files: readonly FigureFile[];
  /** Holds the numbers that were drawn, and those behind them. */
  readonly data: JsonValue;
  /** Rows of cells; the first row is the heading. */
  readonly table: readonly (readonly string[])[];
}

/** Returns a label as a part of a file's name. */
export function fileStem(label: string): string {
  return label.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^[-.]+|-+$/g, '') || 'run';
}
