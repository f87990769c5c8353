/**
 * Suggests a number of pixels of a whole dataset to label next. All images compete: a pixel is asked about before another if
 * the strategy scores it higher, in whichever image it lies.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ignoreIndex, readLabels, type Size } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import { writeTextAtomically } from '../files/index.js';
import type { ComponentSection } from '../registry/index.js';
import { formatTaskFile, type PointTask } from '../review/index.js';
import { candidateAt } from './candidates.js';
import { type ChosenPoint, choosePoints } from './choose-points.js';
import { imageDraws, type OpenSuggestions, openSuggestions } from './open-suggestions.js';
import { questionPath, readQuestions } from './question-file.js';
import { type SuggestionSummary, SuggestionTally } from './suggestion-summary.js';

/** Configures `suggestTasks`. */
export interface SuggestTasksOptions {
  /** Counts the pixels of all images together. */
  readonly points: number;
  /** Names the file of tasks to write, which must not exist; `tasks.json` by default. */
  readonly output?: string;
  /** Names the folder of the dataset; that of the run by default. */
  readonly data?: string;
  /** Names the split; that of training by default. */
  readonly split?: string;
  /** Names the labels that exist already; those of training by default. */
  readonly labels?: string | null;
  /** Names the strategy with its options; `combined` by default. */
  readonly strategy?: ComponentSection;
  /** Asks about pixels without a label alone (`uncovered`, the default), or about all. */
  readonly where?: 'uncovered' | 'all';
  /** Seeds every draw; 0 by default. */
  readonly seed?: number;
  /** Names who answers; null, the default, leaves a place for it in the file. */
  readonly by?: string | null;
  /** Names labels that answer the questions, as an annotator would; null, the default, leaves them open. */
  readonly answers?: string | null;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Receives lines about what was assumed or left out. */
  readonly onNotice?: (notice: string) => void;
}

/** Says what `suggestTasks` asked; `output` is the file of tasks. */
export interface TaskSummary extends SuggestionSummary {
  /** Counts the images that are asked about. */
  readonly askedImages: number;
  /** Counts the most questions about one image. */
  readonly mostInImage: number;
}

/** Limits the questions about an image, in means of all images, as long as others have pixels to ask about. */
const mostMeans = 4;
/** Counts the pixels of an image that compete, in means of all images. */
const keptMeans = 16;

interface CompetingPoint {
  readonly index: number;
  readonly point: ChosenPoint;
}

interface AskedImage extends Size {
  readonly points: ChosenPoint[];
}

/**
 * Chooses pixels of a split to ask about and writes them as a file of tasks. Pixels that are among the points of the dataset
 * already are not asked about again.
 *
 * @param folder names the run whose network suggests
 * @throws {CheckpointError} when the folder is not a run's or has no checkpoint
 * @throws {ConfigError} when the strategy is unknown, the output exists, or the dataset has other classes than the network
 * @throws {DataError} naming the file when an image, its labels or its points cannot be used
 */
export async function suggestTasks(folder: string, options: SuggestTasksOptions): Promise<TaskSummary> {
  const { points, output = 'tasks.json', strategy = { kind: 'combined' }, seed = 0, by = null } = options;
  if (!(Number.isSafeInteger(points) && points > 0)) {
    throw new ConfigError(`suggest: expected at least 1 point, received ${points}`);
  }
  if (existsSync(output)) {
    throw new ConfigError(
      `${output}: exists already and is never overwritten; name another file with --output`,
    );
  }
  // What is known of the dataset counts for the questions that an image has in the mean.
  using opened = await openSuggestions(folder, { ...options, strategy, count: 1, seed });
  const { files, place, classes, learned, source } = opened;
  const tally = new SuggestionTally(classes, { classShares: learned.classShares });
  const { competing, sizes } = await competeAll(opened, { ...options, points, seed, tally });
  const asked = winners(competing, { points, images: files.length, sizes });
  const tasks: PointTask[] = [];
  for (const [index, image] of asked) {
    tasks.push(...(await tasksOf(index, { ...image, opened, tally })));
  }
  const { root: dataset, labels } = place;
  writeTextAtomically(output, formatTaskFile({ dataset, labels, by, tasks }, output), { createFolder: true });
  const { usesStored, computed } = source;
  return {
    ...tally.summary({
      ...{ strategy: strategy.kind, usesStored, computed, output },
      root: place.root,
      split: place.split,
      answers: options.answers ?? null,
    }),
    askedImages: asked.size,
    mostInImage: Math.max(0, ...[...asked.values()].map((image) => image.points.length)),
  };
}

/** Returns the highest pixels of each image. */
async function competeAll(
  opened: OpenSuggestions,
  {
    points,
    seed,
    where = 'uncovered',
    tally,
  }: {
    readonly points: number;
    readonly seed: number;
    readonly where?: 'uncovered' | 'all';
    readonly tally: SuggestionTally;
  },
): Promise<{ readonly competing: readonly CompetingPoint[]; readonly sizes: ReadonlyMap<number, Size> }> {
  const { files, strategy, learned } = opened;
  const competing: CompetingPoint[] = [];
  const sizes = new Map<number, Size>();
  const count = Math.min(points, Math.ceil((keptMeans * points) / files.length));
  for (let index = 0; index < files.length; index++) {
    const image = await opened.read(index);
    const { grid, labels } = image;
    tally.addImage(labels);
    const known = await knownPoints(index, { opened, size: grid });
    const chosen = choosePoints(image, {
      ...{ strategy, where, knowledge: learned.knowledge, count },
      random: imageDraws(files.name(index), { seed }),
      taken: known.map((point) => candidateAt(point, grid)),
    });
    for (const point of chosen) {
      if (where === 'all' || point.label === ignoreIndex) competing.push({ index, point });
    }
    sizes.set(index, { width: grid.width, height: grid.height });
    opened.progress();
  }
  return { competing, sizes };
}

/** Returns the points of an image that the dataset has already, answered or not. */
async function knownPoints(
  index: number,
  { opened: { files, place }, size }: { readonly opened: OpenSuggestions; readonly size: Size },
): Promise<readonly { readonly x: number; readonly y: number }[]> {
  const folder = join(place.root, 'points', ...(place.split.includes('+') ? [] : [place.split]));
  const path = questionPath(files.name(index), { folder });
  const png = path.replace(/\.json$/, '.png');
  if (!existsSync(png)) return (await readQuestions(path, { classes: files.classes, size })).points;
  const { labels, width } = await readLabels(png, { classes: files.classes, ignoredValue: ignoreIndex });
  return Array.from(labels.keys())
    .filter((pixel) => labels[pixel] !== ignoreIndex)
    .map((pixel) => ({ x: pixel % width, y: Math.floor(pixel / width) }));
}

/** Returns the pixels that are asked about by image, in the order of the dataset. */
function winners(
  competing: readonly CompetingPoint[],
  {
    points,
    images,
    sizes,
  }: { readonly points: number; readonly images: number; readonly sizes: ReadonlyMap<number, Size> },
): Map<number, AskedImage> {
  const most = Math.max(1, Math.ceil((mostMeans * points) / images));
  const asked = new Map<number, AskedImage>();
  let left = points;
  const ask = ({ index, point }: CompetingPoint) => {
    const size = sizes.get(index) as Size;
    const image = asked.get(index) ?? { ...size, points: [] };
    asked.set(index, image);
    image.points.push(point);
    left--;
  };
  const behind: CompetingPoint[] = [];
  for (const one of [...competing].sort((a, b) => b.point.score - a.point.score)) {
    if (left > 0 && (asked.get(one.index)?.points.length ?? 0) < most) ask(one);
    else behind.push(one);
  }
  for (const one of behind) if (left > 0) ask(one);
  return new Map([...asked].sort(([a], [b]) => a - b));
}

/** Returns the tasks about an image, with simulated answers where there are some. */
async function tasksOf(
  index: number,
  {
    opened,
    tally,
    points,
    width,
    height,
  }: AskedImage & { readonly opened: OpenSuggestions; readonly tally: SuggestionTally },
): Promise<PointTask[]> {
  const { files, answers, classes, place } = opened;
  const truth = answers === null ? null : await answers.read(index, { width, height });
  const { split, image } = imageOf(files.name(index), place.split);
  const tasks = points.map(({ x, y, suggested, reason }): PointTask => {
    const label = truth?.[y * width + x] ?? ignoreIndex;
    return {
      ...{ split, image, width, height, x, y, suggested: classes[suggested]?.name, reason },
      class: files.classes[label]?.name ?? null,
      ...(answers !== null && { simulated: answers.labels }),
    };
  });
  tally.addQuestions({
    chosen: points,
    keptAnswers: 0,
    keptQuestions: 0,
    droppedQuestions: 0,
    openQuestions: answers === null ? points.length : 0,
    answers: answers === null ? [] : tasks.map(({ class: answer, suggested }) => ({ answer, suggested })),
  });
  return tasks;
}

/** Returns the split of an image and its name in it; with several splits, names begin with theirs. */
function imageOf(name: string, splits: string): { readonly split: string; readonly image: string } {
  const split = splits.split('+').find((one) => name.startsWith(`${one}/`));
  if (!splits.includes('+') || split === undefined) return { split: splits, image: name };
  return { split, image: name.slice(split.length + 1) };
}
