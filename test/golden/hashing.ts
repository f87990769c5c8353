/** The numbers of `hashing.py`, bit for bit: inputs and weights by an integer hash, so that no file has to carry them. */

import type { Module } from 'coarsely/nn';
import type { Arm } from 'coarsely/reweighting';
import { noGrad, type Tensor, tensorFrom, tidy } from 'coarsely/torch';

type Shape = readonly number[];

const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1);

/** FNV-1a 32 of an ASCII name. */
function nameKey(name: string): number {
  let key = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) key = Math.imul(key ^ name.charCodeAt(at), 0x01000193);
  return key >>> 0;
}

/** Murmur3's finalizer of key + index · 0x9E3779B9, unsigned. */
function hashed(key: number, index: number): number {
  let h = (key + Math.imul(index, 0x9e3779b9)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Uniform in [−bound, bound), float32. */
export function hashedUniform(name: string, shape: Shape, bound = 1): Float32Array {
  const key = nameKey(name);
  const scale = Math.fround(bound);
  const values = new Float32Array(sizeOf(shape));
  for (let index = 0; index < values.length; index += 1) {
    // A product of two float32 is exact in double, so storing it rounds once.
    values[index] = ((hashed(key, index) >>> 8) * 2 ** -23 - 1) * scale;
  }
  return values;
}

export interface BatchShape {
  /** Names the batch. */
  readonly step: number | string;
  /** [N, channels, H, W] */
  readonly shape: readonly [number, number, number, number];
  readonly classCount: number;
}

/** The block of 8×8 pixels of every pixel: its class, and whether it is ignored. */
function labelBlocks({ step, shape: [count, , height, width], classCount }: BatchShape) {
  const key = nameKey(`labels.${step}`);
  const rows = Math.ceil(height / 8);
  const columns = Math.ceil(width / 8);
  return (image: number, y: number, x: number): { class: number; ignored: boolean } => {
    if (image >= count) throw new RangeError(`image ${image} of ${count}`);
    const block = hashed(key, (image * rows + (y >> 3)) * columns + (x >> 3));
    return { class: block % classCount, ignored: (block >>> 16) % 6 === 0 };
  };
}

/** [N,H,W] int64: blocks of one class; about every sixth is 255. */
export function hashedLabels(batch: BatchShape): Tensor {
  const [count, , height, width] = batch.shape;
  const blockOf = labelBlocks(batch);
  const labels = new BigInt64Array(count * height * width);
  for (let at = 0; at < labels.length; at += 1) {
    const y = Math.floor(at / width) % height;
    const block = blockOf(Math.floor(at / (height * width)), y, at % width);
    labels[at] = block.ignored ? 255n : BigInt(block.class);
  }
  return tensorFrom(labels, { dtype: 'int64', shape: [count, height, width] });
}

/** [N,C,H,W] float32: a color for each class, a tint for each image, noise for each pixel. */
export function hashedImages(batch: BatchShape): Tensor {
  const { step, shape, classCount } = batch;
  const [count, channels, height, width] = shape;
  const blockOf = labelBlocks(batch);
  const colors = hashedUniform('colours', [classCount, channels], 1.5);
  const tints = hashedUniform(`tints.${step}`, [count, channels], 1);
  const images = hashedUniform(`pixels.${step}`, shape, 0.5);
  for (let at = 0; at < images.length; at += 1) {
    const plane = Math.floor(at / (height * width));
    const image = Math.floor(plane / channels);
    const block = blockOf(image, Math.floor(at / width) % height, at % width);
    const color = colors[block.class * channels + (plane % channels)] as number;
    images[at] = Math.fround(color + (tints[plane] as number)) + (images[at] as number);
  }
  return tensorFrom(images, { dtype: 'float32', shape });
}

function copyInto(parameter: Tensor, values: Float32Array): void {
  tidy(() => {
    noGrad(() => parameter.copy_(tensorFrom(values, { dtype: 'float32', shape: parameter.shape })));
  });
}

/** The weights of `fill_with_hash`, by the parameters' names. */
export function fillWithHash(model: Module): void {
  for (const [name, parameter] of model.namedParameters()) {
    const { shape } = parameter;
    if (shape.length > 1) {
      const gain = name.endsWith('classifier.weight') ? 3 : 96;
      copyInto(parameter, hashedUniform(name, shape, Math.sqrt(gain / sizeOf(shape.slice(1)))));
    } else {
      noGrad(() => parameter.fill_(name.endsWith('weight') ? 1 : 0));
    }
  }
  for (const module of model.namedModules().values()) {
    if ('lastNorm' in module) noGrad(() => (module.lastNorm as { weight: Tensor }).weight.fill_(0.2));
  }
}

/** The first parameters of the reweighting module in the golden runs. */
export function fillArmWithHash(arm: Arm): void {
  for (const [name, parameter] of arm.namedParameters()) {
    const inputs = name.startsWith('conv1.') ? 1 : 4;
    copyInto(parameter, hashedUniform(`arm.${name}`, parameter.shape, 4 / Math.sqrt(inputs)));
  }
}

/** All 53 parameters in the order of the fields. */
export function armParameters(arm: Arm): number[] {
  return arm.parameters().flatMap((parameter) => Array.from(parameter.toTypedArray(), Number));
}
