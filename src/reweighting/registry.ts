/** Reweighters by the name that a config uses. */

import { z } from 'zod';
import { type Component, defineComponent, Registry } from '../registry/index.js';
import type { Generator } from '../torch/index.js';
import { ActiveBias } from './active-bias.js';
import { Arm } from './arm.js';
import { ClosedFormArm } from './closed-form-arm.js';
import { FocalWeights } from './focal-weights.js';
import { GceWeights } from './gce-weights.js';
import { LinearArm } from './linear-arm.js';
import { MetaWeightNet } from './meta-weight-net.js';
import { Ohem, ohemPresets } from './ohem.js';
import type { Reweighter } from './reweighter.js';

export interface ReweighterContext {
  readonly classCount: number;
  readonly generator: Generator;
  /** Number of training images, for strategies that remember each; 0 where it is not known. */
  readonly datasetLength: number;
}

/** A strategy that a config can name. */
export interface ReweighterComponent<Options = unknown>
  extends Component<Options, ReweighterContext, Reweighter> {
  /** Whether its products have `cleanData`, so that a config without clean labels is refused before it runs. */
  readonly learnsFromClean?: boolean;
}

const p = z
  .union([z.literal(1), z.literal(2), z.literal(3)])
  .default(2)
  .describe('Order of the norm of the weights. 1 puts all weight on the hardest pixels (Table 2).');

const armOptions = z
  .strictObject({
    p,
    learningRateScale: z
      .number()
      .positive()
      .default(1)
      .describe("Factor on the learning rate. 1 is the paper's; runs of a few hundred steps may need more."),
  })
  .describe(
    'A module of 53 parameters from confidence to weight, which increases the loss that the network decreases.',
  );
const linearArmOptions = z
  .strictObject({
    slope: z
      .number()
      .default(-0.5)
      .describe('Change of the weight with confidence; above 0 the weights focus on confident pixels.'),
    intercept: z.number().default(0.5).describe('Weight at confidence 0.'),
    p,
  })
  .describe('Weights on a fixed line over confidence, without anything to learn.');

const closedFormArmOptions = z
  .strictObject({
    p: z
      .union([z.literal(2), z.literal(3)], {
        error: 'expected 2 or 3: with p = 1 all weight would go to one confidence',
      })
      .default(2)
      .describe('Order of the norm of the weights.'),
    bins: z.int().min(2).default(64).describe('Number of intervals of confidence.'),
    momentum: z
      .number()
      .min(0)
      .lt(1)
      .default(0.9)
      .describe('Share of the running means that is kept at each step.'),
  })
  .describe('The weights that ARM converges to, computed from running means of the loss by confidence.');

const focalOptions = z
  .strictObject({ gamma: z.number().min(0).default(2).describe('Exponent γ.') })
  .describe('(1 − p_y)^γ: unlikely labels count more.');
const gceOptions = z
  .strictObject({ q: z.number().min(0).max(1).default(0.1).describe('Exponent q.') })
  .describe('p_y^q: unlikely labels count less. Gives cross-entropy the gradient of GCE, up to a factor.');
const ohemOptions = z
  .strictObject({
    preset: z
      .enum(['openseg', 'hrnet'])
      .nullable()
      .default(null)
      .describe(
        'Published settings of `threshold` and `minKept` for those that are not given; `null` is `openseg`.',
      ),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Pixels whose label is less likely than this share the loss; by default that of the preset.'),
    minKept: z
      .int()
      .min(0)
      .optional()
      .describe('Smallest number of pixels of a batch that share the loss; by default that of the preset.'),
  })
  .describe('Online hard example mining: the hardest pixels share the loss, the others count nothing.')
  .transform(({ preset, ...given }) => ({ preset, ...ohemPresets[preset ?? 'openseg'], ...given }));

const cells = z.int().min(1);
const activeBiasOptions = z
  .strictObject({
    grid: z
      .tuple([cells, cells])
      .default([16, 32])
      .describe('[rows, columns] of cells over each training image.'),
    minVisits: z.int().min(2).default(3).describe('Visits of a cell before its history counts.'),
  })
  .describe('How much p_y varied in the past (Chang et al. 2017).');
const metaWeightNetOptions = z
  .strictObject({
    hidden: z.int().min(1).default(100).describe('Width of the hidden layer.'),
    learningRate: z.number().positive().default(1e-3).describe('Learning rate of its own Adam.'),
  })
  .describe(
    'A small network from loss to weight, which learns from clean labels (`data.clean`; Shu et al. 2019).',
  );

/** Holds the reweighters that a config can name. */
export const reweighters = new Registry<ReweighterComponent>('reweighter', [
  defineComponent({
    kind: 'arm',
    options: armOptions,
    create: (options, { generator }: ReweighterContext) => new Arm({ ...options, generator }),
  }),
  defineComponent({
    kind: 'linear-arm',
    options: linearArmOptions,
    create: (options) => new LinearArm(options),
  }),
  defineComponent({
    kind: 'closed-form-arm',
    options: closedFormArmOptions,
    create: (options) => new ClosedFormArm(options),
  }),
  defineComponent({ kind: 'ohem', options: ohemOptions, create: (options) => new Ohem(options) }),
  defineComponent({ kind: 'focal', options: focalOptions, create: (options) => new FocalWeights(options) }),
  defineComponent({ kind: 'gce', options: gceOptions, create: (options) => new GceWeights(options) }),
  defineComponent({
    kind: 'active-bias',
    options: activeBiasOptions,
    create: (options, { datasetLength }: ReweighterContext) => new ActiveBias({ ...options, datasetLength }),
  }),
  defineComponent({
    kind: 'meta-weight-net',
    options: metaWeightNetOptions,
    learnsFromClean: true,
    create: (options, { generator }: ReweighterContext) => new MetaWeightNet({ ...options, generator }),
  }),
] as ReweighterComponent[]);
