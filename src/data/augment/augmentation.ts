/** Defines the settings of the training augmentation. */

import { z } from 'zod';
import { type LabelDeformation, labelDeformationOptions } from './label-deformation.js';

/** Validates the settings of the training augmentation. Defaults are mmsegmentation's, except for the crop size. */
export const augmentationOptions = z.strictObject({
  baseSize: z
    .tuple([z.int().positive(), z.int().positive()])
    .nullable()
    .default(null)
    .describe(
      '[width, height] into which an image is fitted, aspect kept, before the random factor. ' +
        "`null` keeps the image's own size.",
    ),
  ratioRange: z
    .tuple([z.number().positive(), z.number().positive()])
    .refine(([low, high]) => low <= high, 'the lower ratio is above the upper one')
    .default([0.5, 2])
    .describe('Range of the random factor on the base size, drawn uniformly.'),
  cropSize: z
    .tuple([z.int().positive(), z.int().positive()])
    .default([512, 512])
    .describe('[height, width] of every sample of a batch.'),
  categoryMaxRatio: z
    .number()
    .positive()
    .max(1)
    .default(0.75)
    .describe(
      'Crops in which one class has at least this share of the labeled pixels are drawn again. ' +
        '1 takes any crop.',
    ),
  flip: z.number().min(0).max(1).default(0.5).describe('Probability of a horizontal flip.'),
  colorJitter: z.boolean().default(true).describe('Distorts brightness, contrast, saturation and hue.'),
  labelDeformation: labelDeformationOptions
    .nullable()
    .default(null)
    .describe(
      'Moves the labels of a crop a little and not its image, each time in another way, for labels whose borders lie a ' +
        'few pixels off. Quick training moves the labels of each image and view once. `null` leaves labels where they are.',
    ),
});

/** Configures the training augmentation; `augmentationOptions` describes each setting. */
export type Augmentation = Readonly<Omit<z.infer<typeof augmentationOptions>, 'labelDeformation'>> & {
  readonly labelDeformation?: LabelDeformation | null;
};
