/**
 * Describes tensors that are still in a file. Every format is first read into these, so that all sizes are checked
 * before any data is loaded.
 */
import { CheckpointError } from '../../errors/index.js';
import { shown } from '../../registry/internal.js';
import type { DType } from '../dtype.js';
import { tensorFromBytes } from '../factories.js';
import type { Tensor } from '../tensor.js';

/** Describes a tensor and reads it on demand. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Reads the elements: row-major, little-endian. */
  readonly read: () => Uint8Array<ArrayBuffer>;
}

/**
 * Returns the number of elements of a shape that a file states. `where` begins the error message.
 *
 * @throws {CheckpointError} when a dimension is not a non-negative integer, or there are more elements than 2^53
 */
export function elementCount(shape: readonly unknown[], { where }: { where: string }): number {
  let count = 1;
  // Beside a dimension of size 0, the others may have a product that overflows, so zeros are looked for first.
  if (shape.includes(0) && shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0))
    return 0;
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw new CheckpointError(`${where}: expected a shape of non-negative integers, found ${shown(shape)}`);
    }
    count *= size;
  }
  if (!Number.isSafeInteger(count)) {
    throw new CheckpointError(`${where}: shape [${shape.join(', ')}] has more elements than can be counted`);
  }
  return count;
}

/**
 * Loads all tensors, one after another. When one fails, the others are freed.
 *
 * @throws {CheckpointError} when a tensor cannot be read
 */
export function loadStoredTensors(stored: ReadonlyMap<string, StoredTensor>): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  try {
    for (const [name, { dtype, shape, read }] of stored) {
      tensors.set(name, tensorFromBytes(read(), { dtype, shape }));
    }
  } catch (error) {
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
  return tensors;
}
