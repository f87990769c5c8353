/** What happens to a training sample on its way into a batch: the settings. */

import { z } from 'zod';

/** Settings of the training augmentation; the defaults are mmsegmentation's, but for the crop's size. */
export const augmentationOptions = z.strictObject({
  /** [width, height] that an image is fitted into, aspect kept, before the ratio; null: the image's own size. */
  baseSize: z.tuple([z.int().positive(), z.int().positive()]).nullable().default(null),
  /** The random factor on the base size is uniform in this range. */
  ratioRange: z
    .tuple([z.number().positive(), z.number().positive()])
    .refine(([low, high]) => low <= high, 'the lower ratio is above the upper one')
    .default([0.5, 2]),
  /** [height, width] of every sample of a batch. */
  cropSize: z.tuple([z.int().positive(), z.int().positive()]).default([512, 512]),
  /** Crops in which one class has at least this share of the labeled pixels are drawn again; 1 takes any crop. */
  categoryMaxRatio: z.number().positive().max(1).default(0.75),
  /** Probability of a horizontal flip. */
  flip: z.number().min(0).max(1).default(0.5),
  /** Whether brightness, contrast, saturation and hue are distorted. */
  colorJitter: z.boolean().default(true),
});

/** Settings of the training augmentation; see `augmentationOptions`. */
export type Augmentation = Readonly<z.infer<typeof augmentationOptions>>;
