/** Reweighters by the name that a config uses. */

import { z } from 'zod';
import { type Component, Registry } from '../registry/index.js';
import type { Generator } from '../torch/index.js';
import { Arm } from './arm.js';
import { LinearArm } from './linear-arm.js';
import type { Reweighter } from './reweighter.js';

export interface ReweighterContext {
  readonly classCount: number;
  readonly generator: Generator;
}

export const reweighters = new Registry<Component<unknown, ReweighterContext, Reweighter>>('reweighter');

const p = z.union([z.literal(1), z.literal(2), z.literal(3)]).default(2);

const armOptions = z.strictObject({ p, learningRateScale: z.number().positive().default(1) });
const linearArmOptions = z.strictObject({
  slope: z.number().default(-0.5),
  intercept: z.number().default(0.5),
  p,
});

reweighters.register('arm', {
  options: armOptions,
  create: (options: z.output<typeof armOptions>, { generator }) => new Arm({ ...options, generator }),
});
reweighters.register('linear-arm', {
  options: linearArmOptions,
  create: (options: z.output<typeof linearArmOptions>) => new LinearArm(options),
});
