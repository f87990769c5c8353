/** Pixel losses by the name that a config uses. */

import { z } from 'zod';
import { type Component, Registry } from '../registry/index.js';
import { crossEntropy } from './cross-entropy.js';
import { focal } from './focal.js';
import { gce } from './gce.js';
import { kl, logScaleHead } from './kl.js';
import type { PixelLoss } from './pixel-loss.js';

export interface LossContext {
  readonly classCount: number;
}

/** A loss that a config can name, and what it needs predicted beside the classes: channels by name. */
export interface LossComponent<Options = unknown> extends Component<Options, LossContext, PixelLoss> {
  readonly extraHeads?: Readonly<Record<string, number>>;
}

export const losses = new Registry<LossComponent>('loss');

losses.register('cross-entropy', { options: z.strictObject({}), create: () => crossEntropy });

const gceOptions = z.strictObject({ q: z.number().min(0).max(1).default(0.1) });
const focalOptions = z.strictObject({ gamma: z.number().min(0).default(2) });

losses.register('gce', {
  options: gceOptions,
  create: (options: z.output<typeof gceOptions>) => gce(options),
});
losses.register('focal', {
  options: focalOptions,
  create: (options: z.output<typeof focalOptions>) => focal(options),
});
losses.register('kl', {
  options: z.strictObject({}),
  extraHeads: { [logScaleHead]: 1 },
  create: () => kl,
});
