/**
 * Groups successive images of one size into batches. Each image is read one ahead of its use, so that decoding (on sharp's
 * threads) overlaps the network. The order is kept, and at most `batchSize + 1` images are in memory.
 */

interface Sized {
  readonly width: number;
  readonly height: number;
}

/**
 * Yields batches of at most `batchSize` items of one size.
 * @param read returns the item at an index, or null to leave it out
 */
export async function* sameSizeBatches<T extends Sized>(
  count: number,
  { read, batchSize }: { read: (index: number) => Promise<T | null>; batchSize: number },
): AsyncGenerator<T[]> {
  let ahead = start(read, 0, count);
  let batch: T[] = [];
  for (let index = 0; index < count; index += 1) {
    const item = await ahead;
    ahead = start(read, index + 1, count);
    if (item === null) continue;
    const first = batch[0];
    if (first !== undefined && (first.width !== item.width || first.height !== item.height)) {
      yield batch;
      batch = [];
    }
    batch.push(item);
    if (batch.length >= batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

function start<T>(
  read: (index: number) => Promise<T | null>,
  index: number,
  count: number,
): Promise<T | null> {
  if (index >= count) return Promise.resolve(null);
  const reading = read(index);
  // The error is thrown where the item is awaited; without this, an earlier rejection would end the process.
  reading.catch(() => undefined);
  return reading;
}
