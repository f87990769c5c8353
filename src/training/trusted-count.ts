/** Divides a batch between labels that train and trusted ones that have samples of their own. */

import { ConfigError } from '../errors/index.js';

/** Describes a batch that trusted labels take a share of. */
export interface TrustedCountOptions {
  /** Names the key of the share in messages. */
  readonly key: string;
  readonly share: number;
  /** Counts the images or pixels of the batch. */
  readonly whole: number;
  /** Counts the parts, over processes and accumulation steps, which all get equally many. */
  readonly parts: number;
  /** Names what the batch counts, and the key that sets its size. */
  readonly unit: { readonly name: string; readonly key: string };
}

/**
 * Returns how many of a batch are of trusted labels: the share, rounded so that all parts get equally many, and at least one
 * in each.
 * @throws {ConfigError} when nothing is left to the other labels
 */
export function trustedCount({ key, share, whole, parts, unit }: TrustedCountOptions): number {
  const count = parts * Math.max(1, Math.round((share * whole) / parts));
  if (count < whole) return count;
  throw new ConfigError(
    `${key}: ${share} leaves none of the ${whole} ${unit.name} of a batch (${unit.key}) to the labels that train; expected ` +
      `a smaller share, or ${unit.key} of at least ${2 * parts}`,
  );
}
