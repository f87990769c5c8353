/** Computes the values that networks-golden.py gives to tensors by their names. */
import type { Module } from 'coarsely/nn';
import { noGrad, type Tensor, tensorFrom, tidy } from 'coarsely/torch';

/** Returns numbers in [0, 1) from a hash of the name and the position. */
export function uniform(name: string, count: number): Float64Array {
  let seed = 2166136261;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 16777619);
  const result = new Float64Array(count);
  for (let index = 0; index < count; index += 1) {
    let h = (Math.imul(index, 2654435761) + seed) | 0;
    h = Math.imul(h ^ (h >>> 16), 2246822519);
    h = Math.imul(h ^ (h >>> 13), 3266489917);
    result[index] = ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
  }
  return result;
}

/** Scales the gains of the last normalization of a bottleneck, by which rounding stays small; see the Python. */
const lastGain = 0.2;

export function values(name: string, shape: readonly number[]): Tensor {
  const u = uniform(
    name,
    shape.reduce((product, size) => product * size, 1),
  );
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
  const isScale = name.endsWith('running_var') || name.endsWith('weight');
  const [factor, offset] =
    shape.length === 4 ? [2 * Math.sqrt(6 / fanIn), -Math.sqrt(6 / fanIn)] : isScale ? [1, 0.5] : [0.2, -0.1];
  const gain = name.endsWith('bn3.weight') ? lastGain : 1;
  const converted = new Float32Array(u.length);
  for (let index = 0; index < u.length; index += 1) {
    converted[index] = ((u[index] as number) * factor + offset) * gain;
  }
  return tensorFrom(converted, { dtype: 'float32', shape });
}

/** Fills every parameter and buffer by its name. */
export function fill<M extends Module>(module: M): M {
  tidy(() =>
    noGrad(() => {
      for (const [name, tensor] of module.stateDict()) tensor.copy_(values(name, tensor.shape));
    }),
  );
  return module;
}

/** Returns images of noise, each with a tint. */
export function images([n, c, h, w]: readonly [number, number, number, number]): Tensor {
  const tints = uniform('tints', n * c);
  const noise = uniform('images', n * c * h * w);
  const converted = Float32Array.from(
    noise,
    (x, index) => 2 * x - 1 + 4 * (tints[Math.floor(index / (h * w))] as number) - 2,
  );
  return tensorFrom(converted, { dtype: 'float32', shape: [n, c, h, w] });
}

export interface Summary {
  readonly shape: number[];
  readonly mean: number;
  readonly norm: number;
  readonly samples: number[];
}

export function summary(tensor: Tensor): Summary {
  const flat = tensor.detach().to({ dtype: 'float32' }).toTypedArray() as Float32Array;
  let sum = 0;
  let squares = 0;
  for (const value of flat) {
    sum += value;
    squares += value * value;
  }
  return {
    shape: [...tensor.shape],
    mean: sum / flat.length,
    norm: Math.sqrt(squares),
    samples: Array.from({ length: 16 }, (_, index) => flat[(index * 7919) % flat.length] as number),
  };
}
