/**
 * Predicts images stripe by stripe: a few rows of the scores of all classes are made from the networks' own logits, used and
 * freed, before the next rows are made. Scores of all classes for every pixel of an image would take 3 GB for 255 classes
 * and 3 megapixels, once for each step of their computation.
 */

import { imageNetNormalization, type RowRange, type Size } from '../data/index.js';
import { type OpenImage, scaledToFit } from '../data/internal.js';
import { autocast, type Device, scope, type Tensor, tidy, zeros } from '../torch/index.js';
import { resolvePrecision } from '../torch/internal.js';
import { ForwardPass } from './forward-pass.js';
import type { InferenceOptions } from './inference-protocol.js';
import { NormalizedRows, type PassView } from './normalized-rows.js';
import type { SegmentationModel } from './segmentation-model.js';

/** Holds the scores of some rows of the images. */
interface Stripe extends RowRange {
  /**
   * Holds logits where there is one pass, and the sum of the probabilities of all passes otherwise: float32
   * [N, classes, count, width]. It is freed after the call that it is given to.
   */
  readonly scoresNCHW: Tensor;
}

/** Gives the bytes of a stripe's scores: few enough for a processor's cache, and many for a GPU, where calls cost more. */
const stripeBytes = { cpu: 8 * 2 ** 20, gpu: 256 * 2 ** 20 } as const;
const leastRows = 4;

/** Returns the ways in which the options show an image of this size to the network, one for each pass. */
export function passViews(
  { width, height }: Size,
  { scales = [1], flip = false, baseSize = null }: InferenceOptions,
): PassView[] {
  if (scales.length === 0) throw new RangeError('inference: expected at least one scale, received none');
  return scales.flatMap((scale) => {
    const size = sizeOfPass({ width, height }, { baseSize, scale });
    return (flip ? [false, true] : [false]).map((mirrored) => ({ size, mirrored }));
  });
}

/** Returns the network's forward pass in the precision of the options, with logits at any resolution. */
export function forwardOf(
  model: SegmentationModel,
  { device = 'cpu', precision = 'auto' }: InferenceOptions,
): (inputNCHW: Tensor) => Tensor {
  const logits = (inputNCHW: Tensor) =>
    (model.forwardLogits?.(inputNCHW) ?? model.forward(inputNCHW)).logitsNCHW;
  if (resolvePrecision(precision, device) !== 'bfloat16') return logits;
  return (inputNCHW) => autocast({ device, dtype: 'bfloat16' }, () => logits(inputNCHW));
}

/** Returns the images with the normalization of the options, or else of the network. */
export function normalizedRows(
  { normalization: expected }: SegmentationModel,
  images: readonly OpenImage[],
  { device = 'cpu', normalization = expected ?? imageNetNormalization }: InferenceOptions,
): NormalizedRows {
  return new NormalizedRows(images, { device, normalization });
}

/** Gives the scores of images stripe by stripe. */
export interface Stripes {
  readonly classCount: number;
  /** Counts the passes over the images. */
  readonly passCount: number;
  /** Calls `visitor` once for each stripe, top to bottom. */
  visit(visitor: (stripe: Stripe) => void): void;
}

/**
 * Begins to predict images; `visit` of the result does the rest, once. Tensors belong to the scope of the caller.
 * @param images at least one, all of one size
 */
export function openStripes(
  model: SegmentationModel,
  images: readonly OpenImage[],
  options: InferenceOptions,
): Stripes {
  const { device = 'cpu', window = null } = options;
  const input = normalizedRows(model, images, options);
  if (window === null) input.holdWhole();
  const forward = forwardOf(model, options);
  const { alignCorners = false } = model;
  const passes = passViews(input.size, options).map(
    (view) => new ForwardPass({ ...view, input, window, forward, alignCorners }),
  );
  const [firstPass] = passes as [ForwardPass];
  firstPass.prepare({ first: 0, count: 1 });
  const { classCount } = firstPass;
  const { width, height } = input.size;
  const rowNumbers = images.length * classCount * width;
  const bytes = stripeBytes[device === 'cpu' ? 'cpu' : 'gpu'];
  const stripes = stripesOf(height, Math.max(leastRows, Math.floor(bytes / (4 * rowNumbers))));
  const passByPass = passes.length > 1 && window === null && numbersHeldByAll(passes) > rowNumbers * height;
  const shape = [images.length, classCount, height, width];
  return {
    classCount,
    passCount: passes.length,
    visit: (visit) =>
      passByPass
        ? visitSum(passes, { stripes, visit, shape, device })
        : visitRows(passes, { stripes, visit }),
  };
}

function visitRows(
  passes: readonly ForwardPass[],
  { stripes, visit }: { readonly stripes: readonly RowRange[]; readonly visit: (stripe: Stripe) => void },
): void {
  const [firstPass] = passes as readonly [ForwardPass];
  for (const rows of stripes) {
    for (const pass of passes) pass.prepare(rows);
    tidy(() =>
      visit({ ...rows, scoresNCHW: passes.length === 1 ? firstPass.logits(rows) : sumOf(passes, rows) }),
    );
    for (const pass of passes) pass.release(rows.first + rows.count);
  }
}

function stripesOf(height: number, rows: number): RowRange[] {
  return Array.from({ length: Math.ceil(height / rows) }, (_, index) => {
    const first = index * rows;
    return { first, count: Math.min(rows, height - first) };
  });
}

function sumOf(passes: readonly ForwardPass[], rows: RowRange): Tensor {
  using work = scope();
  let sum: Tensor | null = null;
  for (const pass of passes) {
    using step = scope();
    const probability = pass.logits(rows).softmax(1);
    if (sum === null) sum = step.keep(probability);
    else sum.add_(probability);
  }
  return work.keep(sum as Tensor);
}

/** Estimates the numbers in the logits of all passes over whole images, of which the first is predicted. */
function numbersHeldByAll(passes: readonly ForwardPass[]): number {
  const [first] = passes as readonly [ForwardPass];
  return passes.reduce((sum, { pixels }) => sum + (first.heldNumbers * pixels) / first.pixels, 0);
}

/**
 * Visits the stripes after all passes, one after the other, have been added to one sum for whole images. It takes less memory
 * than the logits of all passes where these are many or large.
 */
function visitSum(
  passes: readonly ForwardPass[],
  {
    stripes,
    visit,
    shape,
    device,
  }: {
    readonly stripes: readonly RowRange[];
    readonly visit: (stripe: Stripe) => void;
    readonly shape: readonly number[];
    readonly device: Device;
  },
): void {
  const sum = zeros(shape, { dtype: 'float32', device });
  const [, , height = 0] = shape;
  for (const pass of passes) {
    pass.prepare({ first: 0, count: height });
    for (const rows of stripes) {
      tidy(() => {
        sum.narrow(2, rows.first, rows.count).add_(pass.logits(rows).softmax(1));
      });
    }
    pass.release(height);
  }
  for (const rows of stripes) {
    tidy(() => visit({ ...rows, scoresNCHW: sum.narrow(2, rows.first, rows.count) }));
  }
}

/** Returns the image's size in a pass. A base size is scaled and cut to whole pixels first, as in mmcv and in training. */
function sizeOfPass(
  { width, height }: Size,
  { baseSize, scale }: { readonly baseSize: readonly [number, number] | null; readonly scale: number },
): Size {
  const scaled = (length: number) => Math.max(1, Math.round(length * scale));
  if (baseSize === null) return { width: scaled(width), height: scaled(height) };
  const [baseWidth, baseHeight] = baseSize;
  return scaledToFit({ width, height }, [Math.floor(baseWidth * scale), Math.floor(baseHeight * scale)]);
}
