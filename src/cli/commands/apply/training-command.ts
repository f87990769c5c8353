/** Finds the command that trains on a reviewed dataset: the one that `coarsely check` prints, with the answered points. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { shellWord } from '../../../format/index.js';
import { inspectDataset } from '../../../inspect/index.js';
import { recipes } from '../../../recipes/index.js';
import type { ReviewSummary } from '../../../review/index.js';
import { suggestedCommands } from '../check/suggested-command.js';

/** Names the folder that `data.points` reads by default. */
const defaultPoints = 'points';
/** Limits the samples that are decoded: which labels are the finer ones is mostly told by their names. */
const sample = 4;

/** Returns the command, or null where the dataset has nothing to train on as it is, which `coarsely check` explains. */
export async function trainingCommand(
  { output, points: { files } }: Pick<ReviewSummary, 'output' | 'points'>,
  {
    reading,
    points,
  }: {
    /** Holds the options of the dataset that were given. */
    readonly reading: Readonly<Record<string, unknown>>;
    /** Names the folder of points. */
    readonly points: string;
  },
): Promise<string | null> {
  const inspection = await inspectDataset(output, { options: reading, sample });
  const command = suggestedCommands(recipes.values(), inspection)[0]?.command;
  const split = inspection.verdict.train?.split;
  if (command === undefined || split === undefined || !inspection.verdict.usable) return null;
  if (files === 0 || !existsSync(join(output, points, split))) return command;
  const labels = points === defaultPoints ? [] : [`data.points.labels=${points}`];
  const settings = [`data.points.split=${split}`, ...labels].map((setting) => `--set ${shellWord(setting)}`);
  return [command, ...settings].join(' ');
}
