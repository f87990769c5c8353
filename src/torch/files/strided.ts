/** Copies strided tensors (transposed, channels-last, sliced, expanded) into row-major order. */

/** Tells whether elements of `shape` at `stride` lie in row-major order without gaps. */
export function isRowMajor(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const size = shape[axis] ?? 1;
    if (size === 1) continue;
    if (stride[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}

/**
 * Copies the elements of a tensor in row-major order. `source` begins at the first element; strides are in elements.
 * The caller has checked that all elements lie within `source`.
 */
export function gatherStrided(
  source: Uint8Array<ArrayBuffer>,
  {
    shape,
    stride,
    elementBytes,
  }: { shape: readonly number[]; stride: readonly number[]; elementBytes: number },
): Uint8Array<ArrayBuffer> {
  const total = shape.reduce((product, size) => product * size, 1);
  const target = new Uint8Array(total * elementBytes);
  const from = asElements(source, elementBytes);
  const to = asElements(target, elementBytes);
  const rowLength = shape.at(-1) ?? 1;
  const rowStride = stride.at(-1) ?? 1;
  const index = new Array<number>(Math.max(0, shape.length - 1)).fill(0);
  let start = 0;
  for (let row = 0; row < total; row += rowLength) {
    for (let column = 0; column < rowLength; column += 1) {
      const value = from[start + column * rowStride];
      if (value !== undefined) to[row + column] = value;
    }
    // Advances the outer indices like an odometer, and `start` with them.
    for (let axis = index.length - 1; axis >= 0; axis -= 1) {
      const size = shape[axis] ?? 1;
      const step = stride[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      start += step;
      if (next < size) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
      start -= step * size;
    }
  }
  return target;
}

/** Views bytes as integers of the width of the elements, which is enough to move them. */
function asElements(
  bytes: Uint8Array<ArrayBuffer>,
  elementBytes: number,
): { [index: number]: number | bigint } {
  switch (elementBytes) {
    case 1:
      return bytes;
    case 2:
      return new Uint16Array(bytes.buffer);
    case 4:
      return new Uint32Array(bytes.buffer);
    default:
      return new BigUint64Array(bytes.buffer);
  }
}
