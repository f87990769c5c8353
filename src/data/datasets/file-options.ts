/** Defines options that several kinds of dataset share: the split, or several joined by '+', and what to do with bad files. */

import { z } from 'zod';
import type { PaletteMeaning } from './compare-palettes.js';

/** Returns the splits of `train+val`, in that order. */
export function splitNames(split: string): string[] {
  return split.split('+');
}

/**
 * Returns the schema of a `split` option: one name, or several different ones joined by '+'. With `known`, any other name is
 * refused.
 */
export function splitOption(known: readonly string[] | null = null) {
  return z
    .string()
    .min(1)
    .superRefine((split, context) => {
      const names = splitNames(split);
      const problem = problemOf(names, known);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    });
}

function problemOf(names: readonly string[], known: readonly string[] | null): string | null {
  if (names.includes('')) return `expected splits joined by '+', as in train+val`;
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) return `split '${twice}' is named twice`;
  const unknown = known === null ? undefined : names.find((name) => !known.includes(name));
  if (unknown === undefined) return null;
  return `no split '${unknown}'; expected ${known?.join(', ')}, or several joined by '+'`;
}

/** Validates the option `badFiles` of public datasets. */
export const badFilesOption = z
  .enum(['auto', 'skip', 'stop'])
  .default('auto')
  .describe(
    '`skip` leaves bad files out, `stop` stops at the first, and `auto` skips in training splits and stops in the others.',
  );

/** Validates what a file name has before or after the name of its sample; nothing by default. */
export const affixOption = z
  .string()
  .regex(/^[^/\\]*$/, "expected a part of a file name, without '/'")
  .default('');

/** Says that the indices of palette PNGs are ids, so that palettes which differ show files that a program numbered anew. */
export const idPalettes: PaletteMeaning = {
  classList: null,
  remedy:
    'the indices are read as ids: take the label files as they were published, or save them as 8-bit gray',
};
