/** Pixel losses by the name that a config uses. */

import { z } from 'zod';
import { type Component, Registry } from '../registry/index.js';
import { crossEntropy } from './cross-entropy.js';
import type { PixelLoss } from './pixel-loss.js';

export interface LossContext {
  readonly classCount: number;
}

export const losses = new Registry<Component<unknown, LossContext, PixelLoss>>('loss');

losses.register('cross-entropy', { options: z.strictObject({}), create: () => crossEntropy });
