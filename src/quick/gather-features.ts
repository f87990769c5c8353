/** Reads features at points of an image from maps of several strides, bilinearly, as maps are resized to the image. */

import { cat, ops, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';

/**
 * Returns the features of all maps at points.
 *
 * @param maps float16 [1, channels, h, w] each, all of the same image
 * @param options.points x and y of each point, in units in which the image has `size`; a pixel's center is at a half-integer
 * @param options.size [height, width]
 * @returns float16 [points, channels of all maps], owned by the caller's scope
 */
export function gatherFeatures(
  maps: readonly Tensor[],
  { points, size }: { readonly points: Float32Array; readonly size: readonly [number, number] },
): Tensor {
  return tidy(() => {
    const places = tensorFrom(points, { dtype: 'float32', shape: [points.length / 2, 2] });
    return selectKernel('gatherFeatures', {
      inputs: [...maps, places],
      fused: () => ops.gatherFeatures(maps, places, size),
      stock: () =>
        cat(
          maps.map((map) => tidy(() => gatherMap(map, { points, size }))),
          1,
        ).to({ dtype: 'float16' }),
    });
  });
}

/** Returns the features of one map at points, in float32, by libtorch's operators. */
function gatherMap(
  map: Tensor,
  {
    points,
    size: [imageHeight, imageWidth],
  }: { readonly points: Float32Array; readonly size: readonly [number, number] },
): Tensor {
  const [, channels = 0, height = 0, width = 0] = map.shape;
  const values = map
    .to({ dtype: 'float32' })
    .permute([0, 2, 3, 1])
    .reshape([height * width, channels]);
  const columns = axisPoints(points, { first: 0, inputs: width, outputs: imageWidth });
  const rows = axisPoints(points, { first: 1, inputs: height, outputs: imageHeight });
  const at = (y: Uint32Array, x: Uint32Array) => {
    const indices = BigInt64Array.from(y, (row, point) => BigInt(row * width + (x[point] as number)));
    return values.indexSelect(0, tensorFrom(indices, { dtype: 'int64', shape: [indices.length] }));
  };
  const mixed = (a: Tensor, b: Tensor, share: Float32Array) => {
    const second = tensorFrom(share, { dtype: 'float32', shape: [share.length, 1] });
    return a.mul(second.neg().add(1)).add(b.mul(second));
  };
  const upper = mixed(at(rows.first, columns.first), at(rows.first, columns.second), columns.share);
  const lower = mixed(at(rows.second, columns.first), at(rows.second, columns.second), columns.share);
  return mixed(upper, lower, rows.share);
}

interface AxisPoints {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  /** Gives the weight of the second position. */
  readonly share: Float32Array;
}

/** Returns between which positions of an axis of `inputs` cells the points lie, in the arithmetic of float32. */
function axisPoints(
  points: Float32Array,
  {
    first: start,
    inputs,
    outputs,
  }: { readonly first: 0 | 1; readonly inputs: number; readonly outputs: number },
): AxisPoints {
  const count = points.length / 2;
  const result = {
    first: new Uint32Array(count),
    second: new Uint32Array(count),
    share: new Float32Array(count),
  };
  const scale = Math.fround(inputs / outputs);
  for (let point = 0; point < count; point++) {
    const position = Math.fround(scale * (points[2 * point + start] as number));
    const source = Math.max(0, Math.fround(position - 0.5));
    const first = Math.min(Math.floor(source), inputs - 1);
    result.first[point] = first;
    result.second[point] = Math.min(first + 1, inputs - 1);
    result.share[point] = Math.fround(source - first);
  }
  return result;
}
