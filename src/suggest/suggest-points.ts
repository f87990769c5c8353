/**
 * Suggests which pixels of a dataset to label next: a trained network looks at every image, a strategy chooses pixels, and
 * the questions are written where training reads points.
 */

import { join } from 'node:path';
import { type DatasetClass, ignoreIndex, type LabeledPoint, type Size } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import type { ComponentSection } from '../registry/index.js';
import { candidateAt } from './candidates.js';
import { type ChosenPoint, choosePoints } from './choose-points.js';
import { imageDraws, type OpenSuggestions, openSuggestions } from './open-suggestions.js';
import { isOpen, questionPath, readQuestions, writeQuestions } from './question-file.js';
import { type AskedImage, type SuggestionSummary, SuggestionTally } from './suggestion-summary.js';

/** Configures `suggestPoints`. */
export interface SuggestPointsOptions {
  /** Names the folder of the dataset; that of the run by default. */
  readonly data?: string;
  /** Names the split; that of training by default. */
  readonly split?: string;
  /** Names the labels that exist already; those of training by default. Null asks as if there were none. */
  readonly labels?: string | null;
  /** Counts the open questions that each image has afterwards; 30 by default. */
  readonly count?: number;
  /** Names the strategy with its options; `combined` by default. */
  readonly strategy?: ComponentSection;
  /** Asks about pixels without a label, as far as there are enough (`uncovered`, the default), or about all. */
  readonly where?: 'uncovered' | 'all';
  /** Seeds every draw; 0 by default. */
  readonly seed?: number;
  /** Names the folder that gets `SPLIT/NAME.json`; `points` in the folder of the dataset by default. */
  readonly output?: string;
  /** Names labels that answer the questions, as an annotator would; null, the default, leaves them open. */
  readonly answers?: string | null;
  /** Drops questions that were not answered before new ones are asked; false by default. */
  readonly renew?: boolean;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Receives lines about what was assumed or left out. */
  readonly onNotice?: (notice: string) => void;
}

/**
 * Chooses pixels of every image of a split to ask about, and writes a file of points for each image. Answers that are there
 * stay as they are.
 *
 * @param folder names the run whose network suggests
 * @throws {CheckpointError} when the folder is not a run's or has no checkpoint
 * @throws {ConfigError} when the strategy is unknown, or the dataset has other classes than the network
 * @throws {DataError} naming the file when an image, its labels or its points cannot be used
 */
export async function suggestPoints(
  folder: string,
  options: SuggestPointsOptions = {},
): Promise<SuggestionSummary> {
  const {
    count = 30,
    strategy = { kind: 'combined' },
    seed = 0,
    where = 'uncovered',
    renew = false,
  } = options;
  if (!(Number.isInteger(count) && count > 0)) {
    throw new ConfigError(`suggest: expected a count of at least 1 question an image, received ${count}`);
  }
  using opened = await openSuggestions(folder, { ...options, strategy, count, seed });
  const { files, learned, classes, place, source } = opened;
  const output = options.output ?? join(place.root, 'points');
  const tally = new SuggestionTally(classes, { classShares: learned.classShares });
  // With several splits, the names of images begin with theirs.
  const folderOfImages = place.split.includes('+') ? output : join(output, place.split);
  for (let index = 0; index < files.length; index++) {
    tally.add(await askAbout(index, { opened, where, renew, count, seed, folder: folderOfImages }));
    opened.progress();
  }
  const { usesStored, computed } = source;
  return tally.summary({
    strategy: strategy.kind,
    usesStored,
    computed,
    output,
    root: place.root,
    split: place.split,
    answers: options.answers ?? null,
  });
}

interface Asking {
  readonly opened: OpenSuggestions;
  readonly where: 'uncovered' | 'all';
  readonly renew: boolean;
  readonly count: number;
  readonly seed: number;
  /** Is the folder that the names of images are in. */
  readonly folder: string;
}

/** Chooses and writes the questions about one image. */
async function askAbout(index: number, asking: Asking): Promise<AskedImage> {
  const { opened, where, renew, count, seed } = asking;
  const { strategy, learned, files, answers } = opened;
  const name = files.name(index);
  const image = await opened.read(index);
  const { grid, labels } = image;
  const { classes } = files;
  const path = questionPath(name, asking);
  const before = await readQuestions(path, { classes, size: grid });
  const kept = before.points.filter((point) => !(renew && isOpen(point)));
  const keptQuestions = kept.filter(isOpen).length;
  const chosen = choosePoints(image, {
    ...{ strategy, where, knowledge: learned.knowledge },
    count: Math.max(0, count - keptQuestions),
    random: imageDraws(name, { seed }),
    taken: kept.map((point) => candidateAt(point, grid)),
  });
  const asked = [...kept, ...chosen.map((point) => questionOf(point, opened.classes))];
  const truth = answers !== null && asked.some(isOpen) ? await answers.read(index, grid) : null;
  const points = asked.map((point) =>
    truth === null ? point : answered(point, { truth, labels: answers?.labels, grid }),
  );
  const dropped = before.points.length - kept.length;
  if (chosen.length > 0 || dropped > 0 || truth !== null)
    writeQuestions(path, { ...before, points }, { classes });
  const isNew = (point: LabeledPoint, place: number) =>
    isOpen(asked[place] as LabeledPoint) && !isOpen(point);
  return {
    chosen,
    labels,
    keptQuestions,
    keptAnswers: kept.filter((point) => point.class !== null).length,
    droppedQuestions: dropped,
    openQuestions: points.filter(isOpen).length,
    answers: points.filter(isNew).map(({ class: answer, more: { suggested } }) => ({
      answer: answer === null ? null : (classes[answer]?.name ?? null),
      suggested,
    })),
  };
}

function questionOf(
  { x, y, suggested, reason }: ChosenPoint,
  classes: readonly DatasetClass[],
): LabeledPoint {
  return { x, y, class: null, more: { suggested: classes[suggested]?.name, reason } };
}

/** Returns a point with the class that exact labels give it; one that has an answer stays as it is. */
function answered(
  point: LabeledPoint,
  {
    truth,
    labels,
    grid: { width },
  }: { readonly truth: Uint8Array; readonly labels: string | undefined; readonly grid: Size },
): LabeledPoint {
  if (!isOpen(point)) return point;
  const label = truth[point.y * width + point.x] as number;
  const more = { ...point.more, simulated: labels };
  return { ...point, class: label === ignoreIndex ? null : label, more };
}
