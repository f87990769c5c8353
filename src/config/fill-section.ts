/** Defines the `fill` section: how training labels are completed by earlier rounds of the same training. */

import { z } from 'zod';
import { ConfigError } from '../errors/index.js';

export const fillSection = z.strictObject({
  rounds: z
    .int()
    .min(1)
    .max(8)
    .default(2)
    .describe(
      'How often the labels are filled, each time by a network that learned from the labels of the round before. Without a ' +
        '`quick` section there is one round, by the run that `model.weights` names.',
    ),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('Likelihood of its class from which on a pixel is filled; the others stay without a label.'),
  strength: z
    .number()
    .positive()
    .default(30)
    .describe('How much neighbors of similar color count against what the network predicts for the pixel.'),
  colorRange: z
    .number()
    .positive()
    .default(0.05)
    .describe('Difference of colors, as a share of their range, across which neighbors hardly count.'),
});

/** Holds a parsed `fill` section. */
export type FillSection = z.output<typeof fillSection>;

/**
 * Checks that there is something that fills labels.
 * @throws {ConfigError} naming the key that does not go together with it
 */
export function checkFill({
  fill,
  quick,
  data,
  model,
}: {
  readonly fill: FillSection | null;
  readonly quick: object | null;
  readonly data: { readonly kind: string };
  readonly model: { readonly weights: string | null };
}): void {
  if (fill === null) return;
  if (data.kind !== 'folder') {
    throw new ConfigError(
      `data.kind: fill writes label files for plain folders; expected folder, received ${data.kind}`,
    );
  }
  if (quick !== null) return;
  if (model.weights === null) {
    throw new ConfigError(
      'fill: the whole network is trained on labels that another run fills; name that run (--init RUN), or set fill: null',
    );
  }
  if (fill.rounds !== 1) {
    throw new ConfigError(
      `fill.rounds: the run of model.weights fills once; expected 1 without a quick section, received ${fill.rounds}`,
    );
  }
}
