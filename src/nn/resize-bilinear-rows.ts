/**
 * Resizes bilinearly to some rows of the result, so that a map which is too large for memory is made and used in parts.
 * The parts are what `resizeBilinear` makes of the whole map.
 */
import { ops, type Tensor, tensorFrom } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';
import { resizeBilinear } from './resize-bilinear.js';

/** Selects rows first … first + count − 1 of a map. */
export interface RowSpan {
  readonly first: number;
  readonly count: number;
}

/** Describes which part of a resizing is wanted and what its input is a part of. */
export interface RowResize {
  /** Gives the [height, width] of the whole result. */
  readonly size: readonly [number, number];
  /** Selects the wanted rows of the result. */
  readonly rows: RowSpan;
  /** Gives the height of the whole input, and the row of it at which the part begins. */
  readonly input: { readonly first: number; readonly height: number };
  /** Aligns the corners, as `resizeBilinear` does with this option; false by default. */
  readonly alignCorners?: boolean;
}

/**
 * Returns the rows of an input of `inputHeight` that are read to make `rows` of a result of `height`. There may be one more
 * at each end than needed.
 */
export function resizedFrom(
  rows: RowSpan,
  {
    inputHeight,
    height,
    alignCorners = false,
  }: { readonly inputHeight: number; readonly height: number; readonly alignCorners?: boolean },
): RowSpan {
  const position = (row: number) =>
    alignCorners ? cornerScale(inputHeight, height) * row : (inputHeight / height) * (row + 0.5) - 0.5;
  const first = clamp(Math.floor(position(rows.first)) - 1, inputHeight);
  const last = clamp(Math.ceil(position(rows.first + rows.count - 1)) + 1, inputHeight);
  return { first, count: last - first + 1 };
}

/**
 * Returns some rows of `resizeBilinear(whole, size)`, in float32, from a part of the whole.
 *
 * @param partNCHW rows of the whole, at least those that `resizedFrom` names
 * @returns [N, C, rows.count, width]
 * @throws {OperationError} when the part lacks a row
 */
export function resizeBilinearRows(
  partNCHW: Tensor,
  { size, rows, input, alignCorners = false }: RowResize,
): Tensor {
  const [height, width] = size;
  if (input.height === height && partNCHW.shape[3] === width) {
    return partNCHW.narrow(2, rows.first - input.first, rows.count);
  }
  const span = [rows.first, rows.count];
  const stock = () => blendedRows(partNCHW, { size, rows, input, alignCorners });
  if (alignCorners) return stock();
  return selectKernel('resizeBilinearRows', {
    inputs: [partNCHW],
    fused: () => ops.resizeBilinearRows(partNCHW, input.first, input.height, span, [height, width]),
    stock,
  });
}

/** Blends two input rows for each row, and then resizes along the rows alone. */
function blendedRows(
  partNCHW: Tensor,
  { size, rows, input, alignCorners }: RowResize & { readonly alignCorners: boolean },
): Tensor {
  const [height, width] = size;
  const points = Array.from({ length: rows.count }, (_, place) =>
    axisPoint(rows.first + place, { inputs: input.height, outputs: height, alignCorners }),
  );
  const { device } = partNCHW;
  const at = (positions: readonly number[]) => {
    const inPart = BigInt64Array.from(positions, (position) => BigInt(position - input.first));
    return tensorFrom(inPart, { dtype: 'int64', shape: [rows.count], device });
  };
  const shares = Float32Array.from(points, ({ share }) => share);
  const share = tensorFrom(shares, { dtype: 'float32', shape: [1, 1, rows.count, 1], device });
  const whole = partNCHW.to({ dtype: 'float32' });
  const upper = whole.indexSelect(2, at(points.map(({ first }) => first)));
  const lower = whole.indexSelect(2, at(points.map(({ second }) => second)));
  return resizeBilinear(upper.mul(share.neg().add(1)).add(lower.mul(share)), [rows.count, width], {
    alignCorners,
  });
}

/** Returns between which input rows a row lies, in the arithmetic of native/kernels/resize_axis.h, which is float32. */
function axisPoint(
  output: number,
  {
    inputs,
    outputs,
    alignCorners,
  }: { readonly inputs: number; readonly outputs: number; readonly alignCorners: boolean },
): { readonly first: number; readonly second: number; readonly share: number } {
  const { fround } = Math;
  const scale = fround(alignCorners ? cornerScale(inputs, outputs) : fround(inputs) / fround(outputs));
  const source = alignCorners ? fround(scale * output) : fround(fround(scale * fround(output + 0.5)) - 0.5);
  const clamped = Math.max(source, 0);
  const first = Math.min(Math.trunc(clamped), inputs - 1);
  return { first, second: Math.min(first + 1, inputs - 1), share: fround(clamped - first) };
}

/** Returns the distance of neighboring output rows in input rows when the corners are aligned. */
function cornerScale(inputs: number, outputs: number): number {
  return outputs > 1 ? (inputs - 1) / (outputs - 1) : 0;
}

function clamp(row: number, height: number): number {
  return Math.min(Math.max(row, 0), height - 1);
}
