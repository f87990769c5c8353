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

const p = z.union([z.literal(1), z.literal(2), z.literal(3)]).default(2);

const armOptions = z.strictObject({ p, learningRateScale: z.number().positive().default(1) });
const linearArmOptions = z.strictObject({
  slope: z.number().default(-0.5),
  intercept: z.number().default(0.5),
  p,
});

const closedFormArmOptions = z.strictObject({
  p: z
    .union([z.literal(2), z.literal(3)], {
      error: 'expected 2 or 3: with p = 1 all weight would go to one confidence',
    })
    .default(2),
  bins: z.int().min(2).default(64),
  momentum: z.number().min(0).lt(1).default(0.9),
});

const focalOptions = z.strictObject({ gamma: z.number().min(0).default(2) });
const gceOptions = z.strictObject({ q: z.number().min(0).max(1).default(0.1) });
const ohemOptions = z
  .strictObject({
    /** Gives the threshold and the count that are not named. */
    preset: z.enum(['openseg', 'hrnet']).nullable().default(null),
    threshold: z.number().min(0).max(1).optional(),
    minKept: z.int().min(0).optional(),
  })
  .transform(({ preset, ...given }) => ({ preset, ...ohemPresets[preset ?? 'openseg'], ...given }));

const cells = z.int().min(1);
const activeBiasOptions = z.strictObject({
  grid: z.tuple([cells, cells]).default([16, 32]),
  minVisits: z.int().min(2).default(3),
});
const metaWeightNetOptions = z.strictObject({
  hidden: z.int().min(1).default(100),
  learningRate: z.number().positive().default(1e-3),
});

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
