/** Defines `training.stopping`: what happens when points that are not learned from are told apart worse than before. */

import { z } from 'zod';
import { ConfigError } from '../errors/index.js';
import { regionLosses } from '../losses/index.js';

export const stoppingSection = z.strictObject({
  heldOut: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.2)
    .describe(
      'Share of the images with points whose points are held out: they are scored and never learned from.',
    ),
  every: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('Steps between two scores of the held-out points; `null` scores them at every evaluation.'),
  patience: z
    .int()
    .min(1)
    .default(3)
    .describe(
      'Number of scores that are worse than the best one, without a better one between, after which it acts.',
    ),
  tolerance: z
    .number()
    .min(0)
    .lt(1)
    .default(0.005)
    .describe('Difference to the best mean IoU, as a fraction, up to which a score counts as no worse.'),
  action: z
    .enum(['supervised', 'end'])
    .default('supervised')
    .describe(
      'What it does after it has restored the best state: `supervised` goes on without the losses on pixels that have no ' +
        'label, `end` ends the run.',
    ),
});

/** Holds a parsed `training.stopping`. */
export type StoppingSection = z.output<typeof stoppingSection>;

/**
 * Checks that there are points to hold out, and a loss to switch off.
 * @throws {ConfigError} naming the key that is missing
 */
export function checkStopping({
  training: { stopping },
  data,
  regionLosses: sections,
}: {
  readonly training: { readonly stopping: StoppingSection | null };
  readonly data: { readonly points: object | null };
  readonly regionLosses: readonly { readonly kind: string }[];
}): void {
  if (stopping === null) return;
  if (data.points === null) {
    throw new ConfigError(
      'training.stopping: holds out points, but data.points is null; name some with --set data.points.labels=points',
    );
  }
  if (stopping.action === 'end' || sections.some(({ kind }) => learnsUncovered(kind))) return;
  const able = regionLosses.kinds().filter(learnsUncovered);
  throw new ConfigError(
    `training.stopping.action: supervised switches off the losses on pixels without a label, and regionLosses has none of them ` +
      `(${able.join(', ')}); add one, or set training.stopping.action=end`,
  );
}

function learnsUncovered(kind: string): boolean {
  return regionLosses.get(kind).learnsUncovered === true;
}
