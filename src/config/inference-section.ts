/**
 * Defines the `inference` section: how a trained network predicts an image. The evaluations of training, `evaluate`,
 * `predict` and the report all follow it, so that their scores and pictures are of one protocol.
 */

import { z } from 'zod';

const size = z.tuple([z.int().min(1), z.int().min(1)]);
const [height, width] = [0, 1] as const;

export const inferenceSection = z
  .strictObject({
    mode: z
      .enum(['whole', 'slide'])
      .default('whole')
      .describe('Reads the whole image at once, or overlapping windows whose logits are averaged.'),
    cropSize: size
      .nullable()
      .default(null)
      .describe('[height, width] of a window. `null` is the crop of training.'),
    stride: size
      .nullable()
      .default(null)
      .describe(
        '[vertical, horizontal] distance between windows. `null` is two thirds of the window, as ' +
          'in mmsegmentation.',
      ),
    baseSize: size
      .nullable()
      .default(null)
      .describe(
        '[width, height] into which every image is fitted, aspect kept, as in ' +
          '`data.augmentation.baseSize`. `null` keeps its own size.',
      ),
    scales: z
      .array(z.number().positive().max(8))
      .min(1)
      .default([1])
      .describe('Factors on that size; the softmax is averaged over them. `[0.5]` alone reads at half size.'),
    flip: z.boolean().default(false).describe('Averages each scale with its mirror image too.'),
    boundary: z
      .boolean()
      .default(false)
      .describe('Also measures boundary F-score and trimap mIoU, in every evaluation.'),
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
