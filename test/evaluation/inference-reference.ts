/**
 * Computes inference by loops over scales, mirror images, windows and pixels, in double precision on plain
 * arrays. Only the network itself runs on tensors. One image at a time.
 */
import type { DecodedImage, SegmentationModel } from 'coarsely/evaluation';
import { noGrad, scope, tensorFrom } from 'coarsely/torch';

interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

export interface ReferenceOptions {
  readonly window?: { readonly cropSize: readonly number[]; readonly stride: readonly number[] } | null;
  readonly baseSize?: readonly [number, number] | null;
  readonly scales?: readonly number[];
  readonly flip?: boolean;
}

/** Mean probability of every class at every pixel, [classes, H, W]. */
export function referenceProbability(
  model: SegmentationModel,
  image: DecodedImage,
  { window = null, baseSize = null, scales = [1], flip = false }: ReferenceOptions = {},
): Float64Array {
  const { width, height } = image;
  const input = normalized(image);
  const readings: Planes[] = [];
  for (const scale of scales) {
    const [down, right] = sizeAt(image, { baseSize, scale });
    const sized = resized(input, down, right);
    readings.push(softmax(resized(logits(model, sized, window), height, width)));
    if (flip)
      readings.push(softmax(resized(mirrored(logits(model, mirrored(sized), window)), height, width)));
  }
  const first = readings[0] as Planes;
  return first.values.map((_, place) => {
    const total = readings.reduce((sum, { values }) => sum + (values[place] as number), 0);
    return total / readings.length;
  });
}

/** [height, width] that an image is read at. */
function sizeAt(
  { width, height }: DecodedImage,
  { baseSize, scale }: { readonly baseSize: readonly [number, number] | null; readonly scale: number },
): readonly [number, number] {
  if (baseSize === null) return [Math.round(height * scale), Math.round(width * scale)];
  const [long = 0, short = 0] = baseSize.map((limit) => Math.trunc(limit * scale)).sort((a, b) => b - a);
  const lying = width > height;
  // Either the long side reaches its limit, or the short side its own: the smaller image of both.
  const byLong = long / (lying ? width : height);
  const byShort = short / (lying ? height : width);
  const factor = Math.min(byLong, byShort);
  return [Math.trunc(height * factor + 0.5), Math.trunc(width * factor + 0.5)];
}

/** The class of the highest probability, the first of equals; [H, W]. */
export function mostLikely(probability: Float64Array, pixels: number): number[] {
  return Array.from({ length: pixels }, (_, pixel) => {
    const own = Array.from(
      { length: probability.length / pixels },
      (_, id) => probability[id * pixels + pixel],
    );
    return own.indexOf(Math.max(...(own as number[])));
  });
}

function normalized({ width, height, image }: DecodedImage): Planes {
  const mean = [123.675, 116.28, 103.53];
  const deviation = [58.395, 57.12, 57.375];
  return planes(3, [height, width], (channel, y, x) => {
    const value = image[(y * width + x) * 3 + channel] as number;
    return Math.fround((value - (mean[channel] as number)) / (deviation[channel] as number));
  });
}

function logits(model: SegmentationModel, input: Planes, window: ReferenceOptions['window']): Planes {
  if (!window) return throughNetwork(model, input);
  const { height, width } = input;
  const [cropHeight = 0, cropWidth = 0] = window.cropSize;
  const [strideDown = 0, strideRight = 0] = window.stride;
  let sum: Planes | null = null;
  const counts = new Float64Array(height * width);
  for (let top = 0; ; top += strideDown) {
    for (let left = 0; ; left += strideRight) {
      const bottom = Math.min(top + cropHeight, height);
      const right = Math.min(left + cropWidth, width);
      const y0 = Math.max(bottom - cropHeight, 0);
      const x0 = Math.max(right - cropWidth, 0);
      const cut = planes(3, [bottom - y0, right - x0], (c, y, x) => at(input, c, y0 + y, x0 + x));
      const found = throughNetwork(model, cut);
      sum ??= planes(found.channels, [height, width], () => 0);
      for (let y = y0; y < bottom; y += 1) {
        for (let x = x0; x < right; x += 1) {
          counts[y * width + x] = (counts[y * width + x] as number) + 1;
          for (let c = 0; c < found.channels; c += 1) {
            const place = (c * height + y) * width + x;
            sum.values[place] = (sum.values[place] as number) + at(found, c, y - y0, x - x0);
          }
        }
      }
      if (right === width) break;
    }
    if (top + cropHeight >= height) break;
  }
  const total = sum as Planes;
  return planes(
    total.channels,
    [height, width],
    (c, y, x) => at(total, c, y, x) / (counts[y * width + x] as number),
  );
}

function throughNetwork(model: SegmentationModel, { height, width, values }: Planes): Planes {
  using _temporaries = scope();
  return noGrad(() => {
    const input = tensorFrom(Float32Array.from(values), { dtype: 'float32', shape: [1, 3, height, width] });
    const { logitsNCHW } = model.forward(input);
    const channels = logitsNCHW.shape[1] as number;
    return {
      channels,
      height,
      width,
      values: Float64Array.from(logitsNCHW.contiguous().toTypedArray(), Number),
    };
  });
}

/** Half-pixel centers: the output's pixel center y + ½ lies at (y + ½) · ratio of the input, borders repeated. */
function resized(input: Planes, height: number, width: number): Planes {
  const down = placesOf(input.height, height);
  const right = placesOf(input.width, width);
  return planes(input.channels, [height, width], (c, y, x) => {
    const v = down[y] as Place;
    const h = right[x] as Place;
    const upper = at(input, c, v.low, h.low) * (1 - h.share) + at(input, c, v.low, h.high) * h.share;
    const lower = at(input, c, v.high, h.low) * (1 - h.share) + at(input, c, v.high, h.high) * h.share;
    return upper * (1 - v.share) + lower * v.share;
  });
}

interface Place {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

function placesOf(from: number, to: number): Place[] {
  return Array.from({ length: to }, (_, index) => {
    const position = Math.max(0, ((index + 0.5) * from) / to - 0.5);
    const low = Math.floor(position);
    return { low, high: Math.min(low + 1, from - 1), share: position - low };
  });
}

function mirrored(input: Planes): Planes {
  const { channels, height, width } = input;
  return planes(channels, [height, width], (c, y, x) => at(input, c, y, width - 1 - x));
}

function softmax(input: Planes): Planes {
  const { channels, height, width } = input;
  return planes(channels, [height, width], (c, y, x) => {
    let total = 0;
    for (let other = 0; other < channels; other += 1) {
      total += Math.exp(at(input, other, y, x) - at(input, c, y, x));
    }
    return 1 / total;
  });
}

function planes(
  channels: number,
  [height, width]: readonly [number, number],
  value: (channel: number, y: number, x: number) => number,
): Planes {
  const values = new Float64Array(channels * height * width);
  let place = 0;
  for (let channel = 0; channel < channels; channel += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        values[place] = value(channel, y, x);
        place += 1;
      }
    }
  }
  return { channels, height, width, values };
}

function at({ height, width, values }: Planes, channel: number, y: number, x: number): number {
  return values[(channel * height + y) * width + x] as number;
}
