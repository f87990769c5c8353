/** Pixel losses by the name that a config uses. */

import { z } from 'zod';
import { type Component, Registry } from '../registry/index.js';
import { crossEntropy } from './cross-entropy.js';
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
