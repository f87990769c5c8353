/** Defines the keys that add to the objective beside the pixel loss: losses of regions, and weights of classes. */

import { z } from 'zod';
import { ConfigError } from '../errors/index.js';
import type { ComponentSection, Kinds } from '../registry/index.js';
import { optionsOf, parseSectionOptions } from '../registry/internal.js';

/** Holds a parsed entry of `regionLosses`. */
export interface RegionLossSection extends ComponentSection {
  readonly weight: number;
}

const sharedKeys = { weight: z.number().positive().default(1) };

/** Returns the schema of `regionLosses` over these kinds. */
export function regionLossesSection(regionLosses: Kinds) {
  const entry = z.looseObject({ kind: z.string(), ...sharedKeys });
  return z.array(
    entry.transform((section, context): RegionLossSection => {
      const { kind, weight, ...given } = section;
      const options = optionsOf(regionLosses, kind, context);
      const parsed =
        options && parseSectionOptions(options, given, { context, known: Object.keys(sharedKeys) });
      return parsed === undefined ? z.NEVER : { kind, weight, ...parsed };
    }),
  );
}

const weight = z.number().min(0);
const expected =
  'expected balanced, sqrt, a list with a number of at least 0 for each class, or such numbers by the names of classes';

/** Names the ways of choosing class weights from the counts of the training labels. */
const countedClassWeights = ['balanced', 'sqrt'] as const;

/** Accepts class weights: a way of choosing them from counts, one number for each class, or numbers by class name. */
export const classWeightsSection = z.union(
  [z.enum(countedClassWeights), z.array(weight).readonly(), z.record(z.string(), weight).readonly()],
  { error: expected },
);

/** Holds class weights as a config has them. */
export type ClassWeightsSection = z.output<typeof classWeightsSection>;

/**
 * Checks that something is left to learn from where the pixel loss does not count.
 * @throws {ConfigError} naming the keys that do not go together
 */
export function checkObjective({
  pixelLossWeight,
  regionLosses,
  reweighter,
}: {
  readonly pixelLossWeight: number;
  readonly regionLosses: readonly unknown[];
  readonly reweighter: ComponentSection | null;
}): void {
  if (pixelLossWeight > 0) return;
  if (regionLosses.length === 0) {
    throw new ConfigError(
      'pixelLossWeight: 0 leaves no loss; name one in regionLosses, such as [{ kind: lovasz-softmax }], or raise it',
    );
  }
  if (reweighter !== null) {
    throw new ConfigError(
      `reweighter.kind: ${reweighter.kind} weighs the losses of pixels, which pixelLossWeight: 0 leaves out; a loss of ` +
        'regions has none; use reweighter: null, or a pixelLossWeight above 0',
    );
  }
}
