/** Options that every residual backbone has, with their defaults. */
import { z } from 'zod';

export const outputStrideOption = z
  .union([z.literal(8), z.literal(16), z.literal(32)])
  .default(16)
  .describe(
    'Pixels of the image for one pixel of the last feature. 8 costs about four times the work of 16 in the last stages.',
  );

export const zeroInitResidualOption = z
  .boolean()
  .default(true)
  .describe('Starts every block as the identity.');

export const weightsOption = z
  .string()
  .nullable()
  .default(null)
  .describe('File of ImageNet weights (.pth, .pt or .safetensors). `null` starts from random values.');
