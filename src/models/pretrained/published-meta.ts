/** Reads the `meta` of an mmsegmentation checkpoint: classes, colors, and its config as text. */

import { CheckpointError } from '../../errors/index.js';
import type { OutputStride } from '../resnet/stage-plan.js';

/** Holds plain values by name: text, numbers, lists, maps. */
export type CheckpointMeta = ReadonlyMap<unknown, unknown>;

/** Describes a class of a published checkpoint. */
export interface PublishedClass {
  readonly name: string;
  /** Red, green and blue, 0–255. */
  readonly color: readonly [number, number, number];
}

/**
 * Returns the classes from `CLASSES` and `PALETTE`; null when either is missing.
 *
 * @throws {CheckpointError} when they are not as many as the classes of the logits
 */
export function publishedClasses(
  meta: CheckpointMeta,
  { path, classCount }: { readonly path: string; readonly classCount: number },
): readonly PublishedClass[] | null {
  const names = meta.get('CLASSES');
  const colors = meta.get('PALETTE');
  if (!Array.isArray(names) || !Array.isArray(colors)) return null;
  if (names.length !== classCount || colors.length !== classCount) {
    throw new CheckpointError(
      `${path}: has logits of ${classCount} classes, but names ${names.length} and colors ${colors.length}`,
    );
  }
  const classes = names.map((name, index) => ({ name, color: colors[index] }));
  return classes.every(isClass) ? classes : null;
}

/**
 * Returns the output stride of the backbone from the config of its training; 8, which most have, when there is none.
 *
 * @throws {CheckpointError} when the backbone has multi-grid dilation, or another output stride than 8, 16 and 32
 */
export function publishedStride(meta: CheckpointMeta, path: string): OutputStride {
  const config = meta.get('config');
  if (typeof config !== 'string') return 8;
  if (/multi_grid\s*=\s*[([]/.test(config)) {
    throw new CheckpointError(
      `${path}: was trained with multi-grid dilation (multi_grid), which the backbones here do not have`,
    );
  }
  const strides = config.match(/\bstrides\s*=\s*[([]\s*(\d)\s*,\s*(\d)\s*,\s*(\d)\s*,\s*(\d)\s*[)\]]/);
  if (strides === null) return 8;
  const outputStride = strides.slice(1).reduce((product, stride) => product * Number(stride), 4);
  if (outputStride === 8 || outputStride === 16 || outputStride === 32) return outputStride;
  throw new CheckpointError(`${path}: has an output stride of ${outputStride}; expected 8, 16 or 32`);
}

function isClass(value: { readonly name: unknown; readonly color: unknown }): value is PublishedClass {
  const { name, color } = value;
  return (
    typeof name === 'string' &&
    Array.isArray(color) &&
    color.length === 3 &&
    color.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)
  );
}
