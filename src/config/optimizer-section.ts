/**
 * Defines the `optimizer` section: an optimizer with its options, which its room checks, and beside them what holds for
 * every kind.
 */

import { z } from 'zod';
import type { ComponentSection, Kinds } from '../registry/index.js';
import { optionsOf, parseSectionOptions } from '../registry/internal.js';

/** Holds a parsed `optimizer` section. */
export interface OptimizerSection extends ComponentSection {
  readonly learningRate: number;
  readonly clipNorm: number | null;
  readonly backboneScale: number;
}

const sharedKeys = {
  clipNorm: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('Largest norm of all gradients together. `null` never clips.'),
  backboneScale: z
    .number()
    .min(0)
    .default(1)
    .describe(
      'Factor on the learning rate of the backbone. Below 1 it keeps pretrained weights closer to where they start.',
    ),
};

/** Returns the schema of `optimizer` over these kinds; a section without `kind` means `sgd`. */
export function optimizerSection(optimizers: Kinds) {
  const named = z.looseObject({ kind: z.string().default('sgd'), ...sharedKeys });
  return named.transform((section, context): OptimizerSection => {
    const { kind, clipNorm, backboneScale, ...given } = section;
    const options = optionsOf(optimizers, kind, context);
    const parsed =
      options && parseSectionOptions(options, given, { context, known: Object.keys(sharedKeys) });
    if (parsed === undefined) return z.NEVER;
    // Every optimizer has a learning rate; its schema gives the default.
    return { kind, ...(parsed as { learningRate: number }), clipNorm, backboneScale };
  });
}
