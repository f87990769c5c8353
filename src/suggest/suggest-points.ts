/**
 * Suggests which pixels of a dataset to label next: a trained network looks at every image, a strategy chooses pixels, and
 * the questions are written where training reads points.
 */

import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { datasetSection } from '../config/index.js';
import {
  alignClasses,
  type DatasetClass,
  ignoreIndex,
  type LabeledPoint,
  openDataset,
  RandomStream,
  type SegmentationDataset,
  type Size,
} from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import { type LoadedRun, loadRun } from '../evaluation/index.js';
import { predictedClasses } from '../evaluation/internal.js';
import { type ComponentSection, createComponent } from '../registry/index.js';
import { setThreads } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import { candidateAt } from './candidates.js';
import { type ChosenPoint, choosePoints } from './choose-points.js';
import { type EvidenceSource, openEvidence } from './evidence.js';
import { type LearnedDataset, learnDataset, measuredCount } from './learn-dataset.js';
import { isOpen, questionPath, readQuestions, writeQuestions } from './question-file.js';
import { openAnswers, type SimulatedAnswers } from './simulated-answers.js';
import { type SuggestionStrategy, suggestionStrategies } from './strategies.js';
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

/** Separates the draws of questions from others of the same seed. */
const purpose = 0x73756767;

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
  const { count = 30, strategy: section = { kind: 'combined' }, seed = 0, onNotice } = options;
  if (!(Number.isInteger(count) && count > 0)) {
    throw new ConfigError(`suggest: expected a count of at least 1 question an image, received ${count}`);
  }
  const strategy = createComponent<null, SuggestionStrategy>(suggestionStrategies, section, null);
  using run = await loadRun(folder);
  setThreads(resolveThreads(run.config.threads));
  const place = placeOf(run, options);
  const files = await openDataset(place.dataset);
  const dataset = alignClasses(files, { network: predictedClasses(run), onNotice });
  const needsFeatures = strategy.terms.some(({ term }) => term.needsFeatures === true);
  const labels = options.answers ?? null;
  const answers = labels === null ? null : await openAnswers(files, { dataset: place.dataset, labels });
  const total = measuredCount(files.length) + files.length;
  let done = 0;
  const onProgress = () => options.onProgress?.({ done: ++done, total });
  using source = await openEvidence(run, { dataset, files, needsFeatures, onNotice });
  using learned = await learnDataset(source, {
    ...{ count, seed, needsFeatures, onProgress },
    length: files.length,
    classCount: run.classes.length,
  });
  const tally = new SuggestionTally(run.classes, { classShares: learned.classShares });
  const { where = 'uncovered', renew = false } = options;
  const asking = {
    strategy,
    where,
    renew,
    count,
    seed,
    source,
    learned,
    files,
    answers,
    folder: place.folder,
  };
  for (let index = 0; index < files.length; index++) {
    tally.add(await askAbout(index, { ...asking, classes: run.classes }));
    onProgress();
  }
  const { output, root, split } = place;
  const { usesStored, computed } = source;
  return tally.summary({
    strategy: section.kind,
    usesStored,
    computed,
    output,
    root,
    split,
    answers: labels,
  });
}

interface SuggestionPlace {
  readonly dataset: ComponentSection;
  readonly root: string;
  readonly split: string;
  /** Is the folder that gets the splits. */
  readonly output: string;
  /** Is the folder that the names of images are in. */
  readonly folder: string;
}

function placeOf(
  { config }: LoadedRun,
  { data, split: splits, labels, output: given }: SuggestPointsOptions,
): SuggestionPlace {
  const root = data === undefined ? config.data.root : resolve(data);
  const dataset: ComponentSection = {
    ...datasetSection({ ...config.data, root }, 'train'),
    ...(splits !== undefined && { split: splits }),
    ...(labels !== undefined && { labels }),
  };
  const split = String(dataset.split);
  const output = given ?? join(root, 'points');
  // With several splits, the names of images begin with theirs.
  return { dataset, root, split, output, folder: split.includes('+') ? output : join(output, split) };
}

interface Asking {
  readonly strategy: SuggestionStrategy;
  readonly where: 'uncovered' | 'all';
  readonly renew: boolean;
  readonly count: number;
  readonly seed: number;
  readonly source: EvidenceSource;
  readonly learned: LearnedDataset;
  /** Is the dataset as it lies on the disk, whose classes the files of points name. */
  readonly files: SegmentationDataset;
  readonly answers: SimulatedAnswers | null;
  readonly folder: string;
  /** Lists the classes in the order of the network. */
  readonly classes: readonly DatasetClass[];
}

/** Chooses and writes the questions about one image. */
async function askAbout(index: number, asking: Asking): Promise<AskedImage> {
  const { strategy, where, renew, count, seed, source, learned, files, answers } = asking;
  const name = files.name(index);
  const { stacked, ...evidence } = await source.read(index);
  const features = stacked && (learned.space?.project(stacked) ?? null);
  stacked?.dispose();
  const { grid, labels } = evidence;
  const { classes } = files;
  const path = questionPath(name, asking);
  const before = await readQuestions(path, { classes, size: grid });
  const kept = before.points.filter((point) => !(renew && isOpen(point)));
  const keptQuestions = kept.filter(isOpen).length;
  const chosen = choosePoints(
    { ...evidence, features },
    {
      ...{ strategy, where, knowledge: learned.knowledge },
      count: Math.max(0, count - keptQuestions),
      // By name, so that images that are added later change no other image's questions.
      random: new RandomStream(seed, [purpose, crc32(name)]),
      taken: kept.map((point) => candidateAt(point, grid)),
    },
  );
  const asked = [...kept, ...chosen.map((point) => questionOf(point, asking.classes))];
  const truth = answers !== null && asked.some(isOpen) ? await answers.read(index, grid) : null;
  const points = asked.map((point) => (truth === null ? point : answered(point, { truth, asking, grid })));
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
    asking: { answers },
    grid: { width },
  }: { readonly truth: Uint8Array; readonly asking: Asking; readonly grid: Size },
): LabeledPoint {
  if (!isOpen(point)) return point;
  const label = truth[point.y * width + point.x] as number;
  const more = { ...point.more, simulated: answers?.labels };
  return { ...point, class: label === ignoreIndex ? null : label, more };
}
