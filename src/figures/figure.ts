/** What every figure of the paper becomes here: files to look at, the numbers behind them, and a table to print. */

import type { JsonValue } from '../runs/internal.js';

export interface FigureFile {
  /** Without folder; `figure-5.svg`. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

export interface Figure {
  readonly files: readonly FigureFile[];
  /** Everything that was drawn or stands behind it. */
  readonly data: JsonValue;
  /** Rows of cells, the first of them the heading. */
  readonly table: readonly (readonly string[])[];
}

/** A label as part of a file's name. */
export function fileStem(label: string): string {
  return label.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^[-.]+|-+$/g, '') || 'run';
}

/** A fraction as `12.3 %`. */
export function percentText(fraction: number, digits = 1): string {
  return `${(100 * fraction).toFixed(digits)} %`;
}

/** Three significant digits, `–` for nothing. */
export function numberText(value: number | null, { digits = 3 }: { readonly digits?: number } = {}): string {
  if (value === null) return '–';
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(digits)));
}
