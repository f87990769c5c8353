/**
 * Makes strongly changed versions of images, on which the network learns what its moving average predicts for the images as
 * they are: other colors, and rectangles of one image pasted into the next (CutMix, Yun et al. 2019), as UniMatch does.
 */

import { imageNetNormalization, type Normalization } from '../data/index.js';
import { cat, type Generator, rand, scope, type Tensor, tensorFrom } from '../torch/index.js';

/** Configures `strongView`. */
export interface StrongViewOptions {
  /** Draws everything; a CPU generator. */
  readonly generator: Generator;
  /** Is how the images were normalized; ImageNet's by default. */
  readonly normalization?: Normalization;
}

/** Holds strongly changed images. */
export interface StrongView {
  /** Holds images of the shape of the given ones. */
  readonly imagesNCHW: Tensor;
  /** Mixes a map [N,H,W] or [N,C,H,W] of the given images in the way the images were mixed. */
  readonly mix: (map: Tensor) => Tensor;
}

/** Is the probability that the colors of an image change, and that they become gray. */
const [colorChance, grayChance] = [0.8, 0.2];
/** Is the probability that a part of another image is pasted into an image. */
const mixChance = 0.5;
/** Bounds the share of an image that is pasted, and the ratio of its height to its width. */
const pastedShares = [0.02, 0.4] as const;
const pastedRatios = [0.3, 1 / 0.3] as const;
/** Gives what red, green and blue add to brightness. */
const luminance = [0.299, 0.587, 0.114];

/** Returns a strongly changed version of normalized images [N,C,H,W]; its tensors belong to the caller's scope. */
export function strongView(
  imagesNCHW: Tensor,
  { generator, normalization = imageNetNormalization }: StrongViewOptions,
): StrongView {
  using inner = scope();
  const [images = 0, , height = 0, width = 0] = imagesNCHW.shape;
  const drawn = drawNumbers(images * drawsOfImage, generator);
  const of = (image: number) => drawn.subarray(image * drawsOfImage, (image + 1) * drawsOfImage);
  const changes = Array.from({ length: images }, (_, image) => colorChanges(of(image)));
  const colored = changeColors(imagesNCHW, { changes, normalization });
  const boxes = Array.from({ length: images }, (_, image) => pastedBox(of(image), { height, width }));
  const pasted = images > 1 ? pastedPixels(boxes, { height, width, device: imagesNCHW.device }) : null;
  const mix = (map: Tensor) => (pasted === null ? map : mixed(map, pasted));
  if (pasted !== null) inner.keep(pasted);
  const result = mix(colored);
  return { imagesNCHW: inner.keep(result), mix };
}

/** Counts the random numbers of an image: six of its colors and five of its box. */
const drawsOfImage = 11;

function drawNumbers(count: number, generator: Generator): Float64Array {
  using _inner = scope();
  return Float64Array.from(rand([count], { dtype: 'float32', generator }).toTypedArray(), Number);
}

/** Holds factors on brightness, on the distance to the mean (contrast) and on that to gray (saturation). */
interface ColorFactors {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
}

function colorChanges(drawn: Float64Array): ColorFactors {
  const [changes = 0, gray = 0, ...factors] = drawn;
  const [brightness = 1, contrast = 1, saturation = 1] = factors.map((value) => 0.5 + value);
  const grayed = gray < grayChance;
  if (changes >= colorChance) return { brightness: 1, contrast: 1, saturation: grayed ? 0 : 1 };
  return { brightness, contrast, saturation: grayed ? 0 : saturation };
}

/** Changes the first three channels as colors, or the first one as gray where there are fewer. */
function changeColors(
  imagesNCHW: Tensor,
  {
    changes,
    normalization: { mean, std },
  }: { readonly changes: readonly ColorFactors[]; readonly normalization: Normalization },
): Tensor {
  const [, channels = 0] = imagesNCHW.shape;
  const count = channels < 3 ? 1 : 3;
  const { device, dtype } = imagesNCHW;
  const channelwise = (values: readonly number[]) =>
    tensorFrom(values.slice(0, count), { dtype: 'float32', shape: [1, count, 1, 1], device });
  const imagewise = (name: keyof ColorFactors) =>
    tensorFrom(
      changes.map((factors) => factors[name]),
      { dtype: 'float32', shape: [changes.length, 1, 1, 1], device },
    );
  const [means, deviations] = [channelwise(mean), channelwise(std)];
  let colors = imagesNCHW.narrow(1, 0, count).mul(deviations).add(means).mul(imagewise('brightness'));
  const gray = (values: Tensor) =>
    count === 1 ? values : values.mul(channelwise(luminance)).sum(1, { keepDim: true });
  const level = gray(colors).mean([2, 3], { keepDim: true });
  colors = colors.sub(level).mul(imagewise('contrast')).add(level);
  if (count === 3) {
    const brightness = gray(colors);
    colors = colors.sub(brightness).mul(imagewise('saturation')).add(brightness);
  }
  const changed = colors.clamp({ min: 0, max: 255 }).sub(means).div(deviations).to({ dtype });
  if (channels === count) return changed;
  return cat([changed, imagesNCHW.narrow(1, count, channels - count)], 1);
}

/** Holds a rectangle in pixels; its end is not in it. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Returns the rectangle that is pasted into an image; null where none is. */
function pastedBox(
  drawn: Float64Array,
  { height, width }: { readonly height: number; readonly width: number },
): Box | null {
  const [chance = 1, share = 0, ratio = 0, across = 0, down = 0] = drawn.subarray(drawsOfImage - 5);
  if (chance >= mixChance) return null;
  const between = ([low, high]: readonly [number, number], value: number) => low + value * (high - low);
  const area = between(pastedShares, share) * height * width;
  const form = Math.exp(between([Math.log(pastedRatios[0]), Math.log(pastedRatios[1])], ratio));
  const rows = Math.min(height, Math.max(1, Math.round(Math.sqrt(area * form))));
  const columns = Math.min(width, Math.max(1, Math.round(Math.sqrt(area / form))));
  const top = Math.floor(down * (height - rows + 1));
  const left = Math.floor(across * (width - columns + 1));
  return { left, top, right: left + columns, bottom: top + rows };
}

/** Returns which pixels come from the next image, [N,H,W] bool. */
function pastedPixels(
  boxes: readonly (Box | null)[],
  {
    height,
    width,
    device,
  }: { readonly height: number; readonly width: number; readonly device: Tensor['device'] },
): Tensor {
  const mask = new Uint8Array(boxes.length * height * width);
  for (const [image, box] of boxes.entries()) {
    if (box === null) continue;
    for (let y = box.top; y < box.bottom; y++) {
      const row = (image * height + y) * width;
      mask.fill(1, row + box.left, row + box.right);
    }
  }
  return tensorFrom(mask, { dtype: 'bool', shape: [boxes.length, height, width], device });
}

/** Returns a map whose pasted pixels are those of the next image. */
function mixed(map: Tensor, pastedNHW: Tensor): Tensor {
  const [images = 0] = map.shape;
  const next = cat([map.narrow(0, 1, images - 1), map.narrow(0, 0, 1)], 0);
  return next.where(map.shape.length === 4 ? pastedNHW.unsqueeze(1) : pastedNHW, map);
}
