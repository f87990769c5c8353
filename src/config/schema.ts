/**
 * Defines the schema of a run: every key with its type, default and meaning. A complete config is written into the folder
 * of its run. Sections with a `kind` name components, whose own rooms define and check their options.
 */

import { z } from 'zod';
import { componentSection, type Kinds } from '../registry/index.js';
import { labelCorrectionSection } from '../reweighting/internal.js';
import { dataSection } from './data-section.js';
import { fillSection } from './fill-section.js';
import { inferenceSection } from './inference-section.js';
import { keyTraits } from './key-traits.js';
import { classWeightsSection, regionLossesSection } from './objective-sections.js';
import { optimizerSection } from './optimizer-section.js';
import { quickSection } from './quick-section.js';
import { stoppingSection } from './stopping-section.js';
import { teacherSection } from './teacher-section.js';

/** Holds the components that a config can name, by section. */
export interface ComponentRegistries {
  readonly backbones: Kinds;
  readonly heads: Kinds;
  readonly losses: Kinds;
  readonly regionLosses: Kinds;
  readonly confidences: Kinds;
  readonly reweighters: Kinds;
  readonly optimizers: Kinds;
  readonly schedules: Kinds;
  readonly datasets: Kinds;
}

/** Describes the schema that `createConfigSchema` returns. */
export type ConfigSchema = ReturnType<typeof createConfigSchema>;
/** Is a complete config: every default is filled in, and every component's options are checked. */
export type Config = z.output<ConfigSchema>;
/** Is a config as a person writes it, with only the keys that differ from the defaults. */
export type ConfigInput = z.input<ConfigSchema>;

const positiveInteger = z.int().min(1);

const deviceSchema = z
  .string()
  .regex(/^(cpu|cuda(:\d+)?)$/, { error: 'expected cpu, cuda or cuda:N' })
  .transform((device) => device as 'cpu' | 'cuda' | `cuda:${number}`);

const auxiliarySchema = z.strictObject({
  weight: z
    .number()
    .min(0)
    .default(0.4)
    .describe('Weight of the auxiliary mean cross-entropy in the objective.'),
  channels: positiveInteger.default(256).describe('Channels of the auxiliary head.'),
});

const statisticsSchema = z.strictObject({
  images: positiveInteger
    .default(8)
    .describe('Number of training images that are measured, spread evenly over the split.'),
  fineLabels: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Labels to judge the training labels by. `null` takes those of the evaluation if these ' +
        'images have them.',
    ),
});

const trainingSchema = z
  .strictObject({
    iterations: positiveInteger.default(800).describe('Number of training steps.'),
    batchSize: z
      .int()
      .min(2)
      .default(8)
      .describe(
        'Images of one update, over all ranks together. At least 2, because batch normalization ' +
          'of globally pooled features has no variance over one image.',
      ),
    evaluateEvery: positiveInteger
      .default(200)
      .describe('Steps between evaluations. The end of a run always evaluates.'),
    checkpointEvery: positiveInteger
      .default(200)
      .describe('Steps between checkpoints. The end of a run always writes one.')
      .register(keyTraits, { affectsResults: false }),
    keepCheckpoints: positiveInteger
      .default(2)
      .describe('Number of latest checkpoints that are kept.')
      .register(keyTraits, { affectsResults: false }),
    logEvery: positiveInteger
      .default(10)
      .describe('Steps between lines of the log.')
      .register(keyTraits, { affectsResults: false }),
    gradientAccumulationSteps: positiveInteger
      .default(1)
      .describe(
        'Number of parts in which each rank computes its share of a batch, one after the other, ' +
          'before the one update. More parts need less memory.',
      ),
    isolatedFraction: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe(
        'First share of the steps, in which the network learns from the plain mean loss and ARM ' +
          'learns beside it (paper, section 4.2).',
      ),
    stopping: stoppingSection
      .nullable()
      .default(null)
      .describe(
        'Stops learning on pixels without a label, or the run, once held-out points (`data.points`) are told apart worse ' +
          'than before, and goes back to the best state. `null` holds out none.',
      ),
    statistics: statisticsSchema
      .nullable()
      .default(null)
      .describe(
        'Loss, wrong labels and weight by confidence, measured at every evaluation (Fig. 2 and ' +
          '5). `null` measures nothing.',
      ),
  })
  // The end of a run always evaluates and saves, so an interval longer than the run means "at the end only".
  .transform((training) => ({
    ...training,
    evaluateEvery: Math.min(training.evaluateEvery, training.iterations),
    checkpointEvery: Math.min(training.checkpointEvery, training.iterations),
  }));

const distributedSchema = z.strictObject({
  syncBatchNorm: z
    .boolean()
    .default(true)
    .describe(
      'Uses the statistics of all ranks together in batch normalization, as one process with ' +
        'the whole batch does.',
    ),
  timeoutSeconds: z
    .number()
    .positive()
    .default(300)
    .describe('How long a rank waits for the others before it gives up.'),
  bucketMiB: z
    .number()
    .positive()
    .default(25)
    .describe('Size of the buckets in which gradients travel while backward is still running.'),
});

/** Returns the schema over these components; unknown keys are rejected at every level. */
export function createConfigSchema(registries: ComponentRegistries) {
  const component = (registry: Kinds, defaultKind: string) =>
    componentSection(registry, { defaultKind }).prefault({});
  return z.strictObject({
    name: z
      .string()
      .regex(/^[\w][\w.-]*$/, { error: 'expected letters, digits, dots, dashes or underscores' })
      .default('run')
      .describe("Name of the run's folder inside `output`.")
      .register(keyTraits, { perProcess: true }),
    seed: z.int().min(0).default(0).describe('Seed of every random draw.'),
    device: deviceSchema
      .default('cpu')
      .describe('Device that computes: `cpu`, `cuda`, or `cuda:N` for one of several GPUs.')
      .register(keyTraits, { perProcess: true }),
    precision: z
      .enum(['auto', 'float32', 'bfloat16'])
      .default('auto')
      .describe(
        '`auto` uses bfloat16 autocast where the processor or GPU computes it fast, and float32 elsewhere.',
      ),
    threads: z
      .int()
      .min(0)
      .default(0)
      .describe('Threads of the engine. 0 uses one for each core.')
      .register(keyTraits, { perProcess: true }),
    kernels: z
      .enum(['fused', 'stock'])
      .default('fused')
      .describe(
        "`fused` computes losses, normalization and updates with this package's own operators; " +
          "`stock` uses libtorch's, one by one.",
      ),
    deterministic: z
      .boolean()
      .default(false)
      .describe(
        'Makes equal configs give equal bits on a GPU too. Operators that cannot are refused by name.',
      ),
    output: z
      .string()
      .min(1)
      .default('runs')
      .describe('Folder in which run folders are created.')
      .register(keyTraits, { affectsResults: false, perProcess: true }),
    data: dataSection(registries.datasets).describe(
      'The dataset, the part of it that trains, and the part that evaluates. Options of its kind, such as `labelSuffix`, ' +
        'stand beside the parts, or in a part that differs.',
    ),
    model: z
      .strictObject({
        backbone: component(registries.backbones, 'resnet18').describe('The backbone, by its kind.'),
        head: component(registries.heads, 'deeplabv3plus').describe('The head, by its kind.'),
        auxiliary: auxiliarySchema
          .nullable()
          .prefault({})
          .describe(
            'The auxiliary head on stage 3, or the weight of the classifier that the head brings ' +
              '(OCR). `null` leaves it out.',
          ),
        weights: z
          .string()
          .min(1)
          .nullable()
          .default(null)
          .describe(
            'Whole network to start from: a run, one of its checkpoints, or a file of weights. Classes are matched by ' +
              'name, and new ones are drawn afresh. `null` starts without one.',
          ),
        alignCorners: z
          .boolean()
          .default(false)
          .describe(
            'Aligns the corners where maps and logits are resized, as networks of mmsegmentation with ' +
              '`align_corners=True` do. It takes a little more memory and time.',
          ),
        activationCheckpointing: z
          .boolean()
          .default(false)
          .describe(
            'Keeps only the input of each stage of the backbone, and computes the rest again in ' +
              'backward: less memory, more time.',
          ),
      })
      .prefault({}),
    loss: component(registries.losses, 'cross-entropy').describe('What a pixel costs.'),
    classWeights: classWeightsSection
      .nullable()
      .default(null)
      .describe(
        'How much the pixels of each class count: a list in the order of the classes, numbers by class name (1 for the ' +
          'others), or a way of choosing them from one count of the training labels: `sqrt` by the square root of the ' +
          'share of a class, so that rare classes count more, and `balanced` so that all have the same share. The mean is over the weights, as in PyTorch. `null` weighs all alike.',
      ),
    regionLosses: regionLossesSection(registries.regionLosses)
      .default([])
      .describe(
        'Losses of regions that are added to the pixel loss, each with its `kind`, a factor `weight` (1 by default) and ' +
          'its options. No reweighter applies to them.',
      ),
    pixelLossWeight: z
      .number()
      .min(0)
      .default(1)
      .describe('Factor of the pixel loss in the objective. 0 trains on `regionLosses` alone.'),
    reduction: z
      .enum(['valid', 'all'])
      .default('valid')
      .describe(
        'Mean of the loss without a reweighter: over valid pixels, or over all pixels as in mmsegmentation.',
      ),
    confidence: component(registries.confidences, 'variance').describe('How sure the network is of a pixel.'),
    reweighter: componentSection(registries.reweighters, { defaultKind: 'arm' })
      .nullable()
      .default(null)
      .describe('How much a pixel counts. `null` trains on the plain mean loss.'),
    teacher: teacherSection
      .nullable()
      .default(null)
      .describe(
        'A moving average of the network, for parts of the training that compare labels with its predictions, or as the ' +
          'network that is scored. `null` keeps none.',
      ),
    correction: labelCorrectionSection
      .nullable()
      .default(null)
      .describe(
        'Replaces labels that are probably wrong: once the training IoU of a class has flattened, its pixels that the ' +
          'network, or its `teacher` if there is one, is sure to be of another class are learned as that class (Liu et al. ' +
          '2022). `null` leaves labels as they are.',
      ),
    normScope: z
      .enum(['rank', 'global'])
      .default('rank')
      .describe(
        "Pixels over which confidences, weights and losses are normalized: each rank's own, or " +
          'those of all ranks.',
      ),
    optimizer: optimizerSection(registries.optimizers)
      .prefault({})
      .describe('How the parameters are updated.'),
    schedule: component(registries.schedules, 'multi-step').describe(
      'How the learning rate changes over the steps.',
    ),
    training: trainingSchema
      .prefault({})
      .describe('How long training takes, and when it evaluates, saves and logs.'),
    fill: fillSection
      .nullable()
      .default(null)
      .describe(
        'Fills what coarse labels leave open before the training, from rounds of the same training and the colors of the ' +
          'images, into `RUN-rounds` beside the run. `null` trains on the labels as they are.',
      ),
    quick: quickSection
      .nullable()
      .default(null)
      .describe(
        'Trains the head alone, on stored features of single pixels, in minutes: the backbone is frozen and sees every ' +
          'image once. `null` trains the whole network on crops.',
      ),
    distributed: distributedSchema.prefault({}).describe('How several processes train together.'),
    inference: inferenceSection
      .prefault({})
      .describe('How a trained network reads an image, in every evaluation, prediction and report.'),
  });
}
