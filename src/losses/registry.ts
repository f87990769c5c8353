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

const crossEntropyOptions = z.strictObject({}).describe('−log p_y.');
const klOptions = z
  .strictObject({})
  .describe(
    'CE / s + ½ log s (paper, Eq. 1), where a head beside the classifier predicts log s for each pixel.',
  );
const gceOptions = z
  .strictObject({
    q: z.number().min(0).max(1).default(0.1).describe('0 is cross-entropy, 1 is the absolute error.'),
  })
  .describe(
    'Generalized cross-entropy, (1 − p_y^q) / q: robust to wrong labels, because pixels whose label looks unlikely count less.',
  );
const focalOptions = z
  .strictObject({
    gamma: z
      .number()
      .min(0)
      .default(2)
      .describe('The larger, the less a pixel counts that is already right. 0 is cross-entropy.'),
  })
  .describe('(1 − p_y)^γ · −log p_y: pixels that are already right count less.');

/** Holds the losses that a config can name. */
export const losses = new Registry<LossComponent>('loss', [
  defineComponent({ kind: 'cross-entropy', options: crossEntropyOptions, create: () => crossEntropy }),
  defineComponent({ kind: 'gce', options: gceOptions, create: (options) => gce(options) }),
  defineComponent({ kind: 'focal', options: focalOptions, create: (options) => focal(options) }),
  defineComponent({
    kind: 'kl',
    options: klOptions,
    extraHeads: { [logScaleHead]: 1 },
    create: () => kl,
  }),
] as LossComponent[]);
