/** Registers small components to test the config with, so that these tests depend on no other room. */

import { Registry } from 'coarsely/registry';
import { z } from 'zod';

function registryOf(
  what: string,
  kinds: Record<string, z.ZodType>,
): Registry<{ kind: string; options: z.ZodType }> {
  const registry = new Registry<{ kind: string; options: z.ZodType }>(what);
  for (const [kind, options] of Object.entries(kinds)) registry.register({ kind, options });
  return registry;
}

const resnet = z.strictObject({
  stem: z.enum(['deep', 'torchvision']).default('deep'),
  outputStride: z.union([z.literal(8), z.literal(16)]).default(16),
  weights: z.string().nullable().default(null),
});

export const registries = {
  backbones: registryOf('backbone', { resnet18: resnet, resnet50: resnet }),
  heads: registryOf('head', {
    deeplabv3plus: z.strictObject({
      channels: z.int().positive().nullable().default(null),
      dropout: z.number().min(0).lt(1).default(0.1),
    }),
  }),
  losses: registryOf('loss', { 'cross-entropy': z.strictObject({}) }),
  regionLosses: registryOf('region loss', { dice: z.strictObject({}) }),
  confidences: registryOf('confidence', { variance: z.strictObject({}), std: z.strictObject({}) }),
  reweighters: registryOf('reweighter', {
    arm: z.strictObject({
      p: z.union([z.literal(1), z.literal(2), z.literal(3)]).default(2),
      learningRateScale: z.number().positive().default(1),
    }),
    'linear-arm': z.strictObject({ slope: z.number().default(-0.5), intercept: z.number().default(0.5) }),
  }),
  optimizers: registryOf('optimizer', {
    sgd: z.strictObject({
      learningRate: z.number().positive().default(0.02),
      momentum: z.number().min(0).lt(1).default(0.9),
      weightDecay: z.number().min(0).default(1e-4),
    }),
    adamw: z.strictObject({ learningRate: z.number().positive().default(1e-3) }),
  }),
  schedules: registryOf('schedule', { 'multi-step': z.strictObject({}), poly: z.strictObject({}) }),
  datasets: registryOf('dataset', {
    folder: z.strictObject({ root: z.string(), split: z.string(), labels: z.string().default('labels') }),
  }),
};
