/** Reads the classes and colors in the `meta` of an mmsegmentation checkpoint. */

import { CheckpointError } from '../../errors/index.js';

/** Holds plain values by name: text, numbers, lists, maps. */
export type CheckpointMeta = ReadonlyMap<unknown, unknown>;

/** Describes a class of a published checkpoint. */
export interface PublishedClass {
  readonly name: string;
  /** Red, green and blue, 0–255. */
  readonly color: readonly [number, number, number];
}

/**
 * Returns the classes from `CLASSES` and `PALETTE`, or from the `dataset_meta` of mmsegmentation 1.x; null when either is
 * missing.
 *
 * @throws {CheckpointError} when they are not as many as the classes of the logits
 */
export function publishedClasses(
  meta: CheckpointMeta,
  { path, classCount }: { readonly path: string; readonly classCount: number },
): readonly PublishedClass[] | null {
  const dataset = meta.get('dataset_meta');
  const inDataset = (key: string): unknown => (dataset instanceof Map ? dataset.get(key) : undefined);
  const names = meta.get('CLASSES') ?? inDataset('classes') ?? inDataset('CLASSES');
  const colors = meta.get('PALETTE') ?? inDataset('palette') ?? inDataset('PALETTE');
  if (!Array.isArray(names) || !Array.isArray(colors)) return null;
  if (names.length !== classCount || colors.length !== classCount) {
    throw new CheckpointError(
      `${path}: has logits of ${classCount} classes, but names ${names.length} and colors ${colors.length}`,
    );
  }
  const classes = names.map((name, index) => ({ name, color: colors[index] }));
  return classes.every(isClass) ? classes : null;
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
