/** Options that every residual backbone has, with their defaults. */
import { z } from 'zod';

export const outputStrideOption = z.union([z.literal(8), z.literal(16), z.literal(32)]).default(16);

export const zeroInitResidualOption = z.boolean().default(true);

/** A file of ImageNet weights (.pth, .pt or .safetensors); null starts from random values. */
export const weightsOption = z.string().nullable().default(null);
