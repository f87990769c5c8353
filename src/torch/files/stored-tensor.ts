/**
 * A tensor that is still in a file: what it is, and how to get its bytes. Every format is first read into these, so
 * that sizes are checked and a caller's choice is made before any data is loaded.
 */
import { CheckpointError } from '../../errors/index.js';
import type { DType } from '../dtype.js';
import { tensorFromBytes } from '../factories.js';
import type { Tensor } from '../tensor.js';

export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The elements in row-major order, little-endian. Reads the file. */
  readonly read: () => Uint8Array<ArrayBuffer>;
}

/** The number of elements of `shape`. @throws CheckpointError when a dimension or the product is impossible. */
export function elementCount(shape: readonly unknown[], { where }: { where: string }): number {
  let count = 1;
  // A tensor with an empty dimension may have others whose product would overflow, so zeros are looked for first.
  if (shape.includes(0) && shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0))
    return 0;
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw new CheckpointError(
        `${where}: expected a shape of non-negative integers, found [${shape.join(', ')}]`,
      );
    }
    count *= size;
  }
  if (!Number.isSafeInteger(count)) {
    throw new CheckpointError(`${where}: shape [${shape.join(', ')}] has more elements than can be counted`);
  }
  return count;
}

/** Loads each tensor in turn. If one fails, those already loaded are freed. */
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
