/** Compares the sections of two configs that describe a network, in what decides what it computes. */

import type { Config } from '../config/index.js';
import { isSection, type Section } from '../config/internal.js';
import type { Normalization } from '../data/index.js';

/** Lists keys that change how a network starts or learns, and not what it computes. */
const withoutEffect: ReadonlySet<string> = new Set([
  'weights',
  'weightsColors',
  'frozen',
  'normEval',
  'zeroInitResidual',
]);

/**
 * Returns one phrase for each key of backbone and head in which the given network differs from the wanted one, such as
 * `model.head.channels 64 (here 512)`. A key that only one side has is left out, because it has a default.
 * @param options.fits whether the weights fit: a size that one side leaves open (`null`) is then the same
 */
export function networkDifferences(
  given: Section | null,
  wanted: Config['model'],
  { fits }: { readonly fits: boolean },
): string[] {
  if (given === null) return [];
  return (['backbone', 'head'] as const).flatMap((part) => {
    const section = given[part];
    if (!isSection(section)) return [];
    const ours: Section = wanted[part];
    if (section.kind !== ours.kind) return [phrase(`${part}.kind`, section.kind, ours.kind)];
    return Object.keys(section)
      .filter((key) => key in ours && !withoutEffect.has(key) && !/dropout/i.test(key))
      .filter((key) => JSON.stringify(section[key]) !== JSON.stringify(ours[key]))
      .filter((key) => !(fits && (section[key] === null || ours[key] === null)))
      .map((key) => phrase(`${part}.${key}`, section[key], ours[key]));
  });
}

/** Returns a phrase on the normalization of images where that of the given network differs; empty where it is not known. */
export function normalizationDifferences(given: Normalization | null, wanted: Normalization): string[] {
  if (given === null) return [];
  const isClose = (ours: readonly number[], theirs: readonly number[]) =>
    ours.length === theirs.length &&
    ours.every((value, index) => Math.abs(value - (theirs[index] as number)) < 1e-3);
  if (isClose(given.mean, wanted.mean) && isClose(given.std, wanted.std)) return [];
  return [`data.normalization ${shown(given)} (here ${shown(wanted)})`];
}

function phrase(key: string, given: unknown, wanted: unknown): string {
  return `model.${key} ${shown(given)} (here ${shown(wanted)})`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
