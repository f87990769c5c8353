/**
 * The one schema of a run: every key, its type and its default. What ran is this object, written whole into the run's
 * folder. Sections with a `kind` name components, whose own rooms define and check their options.
 */

import { z } from 'zod';
import type { ComponentSection, Kinds } from '../registry/index.js';
import { componentSection } from './component-section.js';
import { dataSection } from './data-section.js';
import { inferenceSection } from './inference-section.js';

/** The components a config can name, by section. */
export interface ComponentRegistries {
  readonly backbones: Kinds;
  readonly heads: Kinds;
  readonly losses: Kinds;
  readonly confidences: Kinds;
  readonly reweighters: Kinds;
  readonly schedules: Kinds;
  readonly datasets: Kinds;
}

export type ConfigSchema = ReturnType<typeof createConfigSchema>;
/** A complete config: every default filled in, every component's options checked. */
export type Config = z.output<ConfigSchema>;
/** What a person writes: only the keys that differ from the defaults. */
export type ConfigInput = z.input<ConfigSchema>;
export type { ComponentSection };

const positiveInteger = z.int().min(1);

const deviceSchema = z
  .string()
  .regex(/^(cpu|cuda(:\d+)?)$/, { error: 'expected cpu, cuda or cuda:N' })
  .transform((device) => device as 'cpu' | 'cuda' | `cuda:${number}`);

const auxiliarySchema = z.strictObject({
  /** Share of the auxiliary head's plain mean cross-entropy in the objective. */
  weight: z.number().min(0).default(0.4),
  channels: positiveInteger.default(256),
});

const optimizerSchema = z.strictObject({
  /** Base rate α₀; the paper's 0.02 is for a batch of 16. */
  learningRate: z.number().positive().default(0.02),
  momentum: z.number().min(0).lt(1).default(0.9),
  weightDecay: z.number().min(0).default(1e-4),
  /** Largest norm of all gradients together; null never clips. */
  clipNorm: z.number().positive().nullable().default(null),
});

const statisticsSchema = z.strictObject({
  /** Training images that are looked at, spread evenly over the split. */
  images: positiveInteger.default(8),
  /** Labels to judge those of training by; null takes the ones of the evaluation, where these images have them. */
  fineLabels: z.string().min(1).nullable().default(null),
});

const trainingSchema = z
  .strictObject({
    iterations: positiveInteger.default(800),
    /** Images a step. At least 2: batch normalization of globally pooled features has no variance over one image. */
    batchSize: z.int().min(2).default(8),
    evaluateEvery: positiveInteger.default(200),
    checkpointEvery: positiveInteger.default(200),
    keepCheckpoints: positiveInteger.default(2),
    logEvery: positiveInteger.default(10),
    /** Parts that a rank's share of a batch is taken in, one after the other, before the one update; they save memory. */
    gradientAccumulationSteps: positiveInteger.default(1),
    /** First share of the iterations in which ARM only watches (paper, section 4.2). */
    isolatedFraction: z.number().min(0).max(1).default(0.05),
    /** Loss, label noise and weight by confidence, measured at every evaluation (Fig. 2 and 5); null measures nothing. */
    statistics: statisticsSchema.nullable().default(null),
  })
  // The end of a run always evaluates and saves, so an interval longer than the run means "at the end only".
  .transform((training) => ({
    ...training,
    evaluateEvery: Math.min(training.evaluateEvery, training.iterations),
    checkpointEvery: Math.min(training.checkpointEvery, training.iterations),
  }));

const distributedSchema = z.strictObject({
  /** Batch normalization by the statistics of all ranks together, as one process with the whole batch has them. */
  syncBatchNorm: z.boolean().default(true),
  /** How long a rank waits for the others before it gives up. */
  timeoutSeconds: z.number().positive().default(300),
  /** Gradients travel in buckets of this size while the rest of backward is computed. */
  bucketMiB: z.number().positive().default(25),
});

/** The schema over these components; unknown keys are rejected at every level. */
export function createConfigSchema(registries: ComponentRegistries) {
  const component = (registry: Kinds, defaultKind: string) =>
    componentSection(registry, { defaultKind }).prefault({});
  return z.strictObject({
    /** Name of the run's folder inside `output`. */
    name: z
      .string()
      .regex(/^[\w][\w.-]*$/, { error: 'expected letters, digits, dots, dashes or underscores' })
      .default('run'),
    seed: z.int().min(0).default(0),
    device: deviceSchema.default('cpu'),
    /** `auto` is bfloat16 autocast where the engine computes it fast, and float32 elsewhere. */
    precision: z.enum(['auto', 'float32', 'bfloat16']).default('auto'),
    /** Threads of the engine; 0 is one for each core. */
    threads: z.int().min(0).default(0),
    /** `fused` computes losses, normalization and updates by kernels of our own; `stock` by the engine's, one by one. */
    kernels: z.enum(['fused', 'stock']).default('fused'),
    /** Equal bits from equal configs on a GPU too; operators that cannot are refused by name. */
    deterministic: z.boolean().default(false),
    /** The folder that run folders are created in. */
    output: z.string().min(1).default('runs'),
    data: dataSection(registries.datasets),
    model: z
      .strictObject({
        backbone: component(registries.backbones, 'resnet18'),
        head: component(registries.heads, 'deeplabv3plus'),
        /** The auxiliary head on stage 3, or the weight of the classifier that the head brings (OCR); null leaves it out. */
        auxiliary: auxiliarySchema.nullable().prefault({}),
        /** Keep only what each stage starts from, and compute the rest again in backward: less memory, more time. */
        activationCheckpointing: z.boolean().default(false),
      })
      .prefault({}),
    loss: component(registries.losses, 'cross-entropy'),
    /** Without a reweighter: the mean over valid pixels, or over all pixels as mmsegmentation has it. */
    reduction: z.enum(['valid', 'all']).default('valid'),
    confidence: component(registries.confidences, 'variance'),
    /** null trains on the plain mean loss. */
    reweighter: componentSection(registries.reweighters, { defaultKind: 'arm' }).nullable().default(null),
    /** Whose pixels the norms of confidences, weights and losses are taken over: each rank's own, or all ranks'. */
    normScope: z.enum(['rank', 'global']).default('rank'),
    optimizer: optimizerSchema.prefault({}),
    schedule: component(registries.schedules, 'multi-step'),
    training: trainingSchema.prefault({}),
    distributed: distributedSchema.prefault({}),
    inference: inferenceSection.prefault({}),
  });
}
