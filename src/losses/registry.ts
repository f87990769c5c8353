/** Pixel losses by the name that a config uses. */

import { z } from 'zod';
import { type Component, defineComponent, Registry } from '../registry/index.js';
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

const gceOptions = z.strictObject({ q: z.number().min(0).max(1).default(0.1) });
const focalOptions = z.strictObject({ gamma: z.number().min(0).default(2) });

/** Holds the losses that a config can name. */
export const losses = new Registry<LossComponent>('loss', [
  defineComponent({ kind: 'cross-entropy', options: z.strictObject({}), create: () => crossEntropy }),
  defineComponent({ kind: 'gce', options: gceOptions, create: (options) => gce(options) }),
  defineComponent({ kind: 'focal', options: focalOptions, create: (options) => focal(options) }),
  defineComponent({
    kind: 'kl',
    options: z.strictObject({}),
    extraHeads: { [logScaleHead]: 1 },
    create: () => kl,
  }),
] as LossComponent[]);
