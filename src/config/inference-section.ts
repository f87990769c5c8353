/**
 * The `inference` section: how a trained network reads an image. Training's evaluation, `evaluate`, `predict` and the
 * report all follow it, so that their scores and pictures are of one protocol.
 */

import { z } from 'zod';

const size = z.tuple([z.int().min(1), z.int().min(1)]);
const [height, width] = [0, 1] as const;

export const inferenceSection = z
  .strictObject({
    /** The whole image at once, or overlapping windows whose logits are averaged. */
    mode: z.enum(['whole', 'slide']).default('whole'),
    /** [height, width] of a window; null is the crop that training saw. */
    cropSize: size.nullable().default(null),
    /** [vertical, horizontal] distance between windows; null is two thirds of the window, as in mmsegmentation. */
    stride: size.nullable().default(null),
    /** [width, height] that every image is fitted into, aspect kept, as `augmentation.baseSize`; null: its own size. */
    baseSize: size.nullable().default(null),
    /** Factors on that size; the softmax is averaged over them. `[0.5]` alone reads at half size. */
    scales: z.array(z.number().positive().max(8)).min(1).default([1]),
    /** Averages each scale with its mirror image too. */
    flip: z.boolean().default(false),
    /** Also measures boundary F-score and trimap mIoU, in every evaluation. */
    boundary: z.boolean().default(false),
  })
  .refine(({ cropSize, stride }) => stride === null || cropSize !== null, {
    path: ['stride'],
    error: 'expected cropSize beside it, which it is measured against',
  })
  .refine(
    ({ cropSize, stride }) =>
      cropSize === null ||
      stride === null ||
      (stride[height] <= cropSize[height] && stride[width] <= cropSize[width]),
    { path: ['stride'], error: 'expected at most cropSize, so that windows leave no gap' },
  );
