/**
 * Reads the tensors of a network from a file of any nesting: under DataParallel's `module.`, in `state_dict`, `net` or
 * `ema_model`, or as a part of a larger network. It says what it removed before the names.
 */

import { readStateDict, type Tensor } from '../../torch/index.js';
import { findPrefix, namesAfter } from './find-prefix.js';
import type { CheckpointMeta } from './published-meta.js';

/** Holds shapes by name. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Holds what `readWeights` found. */
export interface WeightsFile {
  /** The tensors whose names begin with `prefix`, without it, on the CPU. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Holds the prefix that was removed from the names, such as `state_dict.module.`; empty when nothing was. */
  readonly prefix: string;
  /** Prefixes under which the file holds the same names a second time, such as `ema_model.`. */
  readonly alternatives: readonly string[];
  /** True when names of the network were found. */
  readonly fits: boolean;
  /** Shapes of all tensors of the file by their whole names. */
  readonly shapes: Shapes;
  /** The `meta` of an mmsegmentation checkpoint; empty when there is none. */
  readonly meta: CheckpointMeta;
}

/** Configures `readWeights`. */
export interface ReadWeightsOptions {
  /**
   * Returns how well a name of a tensor fits the network, given its shape in the file: 0 when the network has no such
   * name. `expectedNames` makes one from a list.
   */
  readonly scoreOf: (name: string, shape: readonly number[]) => number;
}

/**
 * Reads the tensors that fit a network best, under the network's names as they are published.
 *
 * @throws {CheckpointError} when the file is damaged, of another format, or holds no tensors
 */
export function readWeights(path: string, { scoreOf }: ReadWeightsOptions): WeightsFile {
  let shapes: Shapes = new Map();
  let found = findPrefix([], () => 0);
  const { tensors, meta } = readStateDict(path, {
    choose: (all) => {
      shapes = all;
      found = findPrefix(all.keys(), (name, nameInFile) => scoreOf(name, all.get(nameInFile) ?? []));
      return namesAfter(all.keys(), found.prefix);
    },
  });
  const { prefix, score, alternatives } = found;
  return { tensors, prefix, alternatives, fits: score > 0, shapes, meta };
}

/**
 * Returns a `scoreOf` for these names and shapes. A name of another shape counts half, so that of two networks in one
 * file the one of the right size is taken.
 */
export function expectedNames(expected: Shapes): ReadWeightsOptions['scoreOf'] {
  return (name, shape) => {
    const wanted = expected.get(name);
    return wanted === undefined ? 0 : String(wanted) === String(shape) ? 1 : 0.5;
  };
}

/** Returns a sentence about what was removed before the names and what was left aside; null when nothing was. */
export function prefixNotice(
  path: string,
  { prefix, alternatives, tensors }: Pick<WeightsFile, 'prefix' | 'alternatives' | 'tensors'>,
): string | null {
  const aside =
    alternatives.length === 0
      ? ''
      : `; the same names under ${alternatives.map(quoted).join(', ')} were left aside`;
  if (prefix !== '') return `${path}: read ${tensors.size} tensors under ${quoted(prefix)}${aside}`;
  return aside === '' ? null : `${path}: read the tensors without a prefix${aside}`;
}

function quoted(text: string): string {
  return `'${text}'`;
}
