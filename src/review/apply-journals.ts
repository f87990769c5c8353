/**
 * Applies decisions to a dataset: writes a reviewed one into a new folder. The dataset itself is never touched, and the new
 * folder appears when it is complete.
 */

import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { formatPointFile, ignoreIndex, type PointFile } from '../data/index.js';
import { ConfigError, DataError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import { parseJson, readText, stageFolder, writeDurably } from '../files/index.js';
import { copyDataset } from './copy-dataset.js';
import { countChanges, decideLabels } from './decide-labels.js';
import { decidePoints } from './decide-points.js';
import { decisionsByImage, type ImageDecisions } from './decisions-by-image.js';
import { type OrderedDecision, orderLines, type Preference } from './order-lines.js';
import { canBeUnlabeled, patchLabelFile } from './patch-label-file.js';
import { type DecisionFile, readDecisions } from './read-decisions.js';
import type { ReviewFinding } from './review-finding.js';
import type { ReviewSummary } from './review-summary.js';
import { ReviewTally } from './review-tally.js';
import { type ReadingOptions, ReviewedDataset } from './reviewed-dataset.js';

/** Configures `applyJournals`. */
export interface ApplyJournalsOptions {
  /** Names the folder of the dataset; by default the one that a file of tasks names. */
  readonly data?: string;
  /** Names the new folder, which must be missing or empty. */
  readonly output: string;
  /** Names the person whose decisions hold where people disagree, or `last` for the last decision; nobody by default. */
  readonly prefer?: string;
  /** Names the folder of points in the dataset; `points` by default. */
  readonly points?: string;
  /** Copies images instead of linking them; false by default. */
  readonly copy?: boolean;
  /** Says how files are read, by keys of the section `data` of a config: `labelSuffix`, `labelEncoding` and others. */
  readonly reading?: ReadingOptions;
  /** Ends the work between two files when it is aborted: its reason is thrown, and nothing was written. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Receives lines about what was assumed. */
  readonly onNotice?: (notice: string) => void;
}

/** Is the name of the record in the folder of a reviewed dataset. */
const recordName = 'review.json';

/**
 * Applies journals and answered files of tasks to a dataset, and writes the reviewed dataset with a record of what was done.
 *
 * @returns the record
 * @throws {ConfigError} when no dataset is named, the preferred person decided nothing, or the output cannot be used
 * @throws {DataError} naming the file when a journal or the dataset cannot be used
 * @throws {FileError} when the output cannot be written
 * @throws {unknown} the reason of `signal` when it is aborted
 */
export async function applyJournals(
  paths: readonly string[],
  options: ApplyJournalsOptions,
): Promise<ReviewSummary> {
  const { output, points: pointFolder = 'points', copy = false, reading = {} } = options;
  const { signal, onProgress = () => undefined, onNotice = () => undefined } = options;
  const files = paths.map(readDecisions);
  for (const note of files.flatMap(({ notes }) => notes)) onNotice(note);
  const root = datasetOf(files, options.data);
  const dataset = await ReviewedDataset.open(root, reading);
  checkOutput(output, root);
  const prefer = preferenceOf(options.prefer, files);
  const ordered = orderLines(
    files.map(({ lines }) => lines),
    { prefer },
  );
  if (files.every(({ lines }) => lines.length === 0)) {
    throw new DataError(
      `${paths.join(', ')}: no decision in ${paths.length === 1 ? 'it' : 'them'}; nothing was written`,
    );
  }
  const tally = new ReviewTally(dataset.classes.map(({ name }) => name));
  tally.addFindings(files.flatMap(({ findings }) => findings));
  tally.addFindings(ordered.findings);
  tally.addRefusedUndos(ordered.refusedUndos);
  return stageFolder(output, async (staging) => {
    const written = new Set<string>();
    const write = async (path: string, content: Uint8Array | string) => {
      const inner = relative(root, path);
      await writeDurably(join(staging, inner), content);
      written.add(inner);
    };
    const images = decisionsByImage(ordered.decisions);
    for (const image of images) {
      signal?.throwIfAborted();
      await applyToImage(image, { dataset, prefer, pointFolder, tally, write });
    }
    const copied = await copyDataset(root, {
      ...{ output: staging, written, copyImages: copy, onProgress },
      ...(signal !== undefined && { signal }),
    });
    const summary: ReviewSummary = {
      dataset: root,
      output,
      ...tally.summary({ files, ordered, prefer: options.prefer ?? null }),
      copied,
      earlier: earlierRecords(root),
    };
    await writeDurably(join(staging, recordName), `${JSON.stringify(summary, null, 2)}\n`);
    return summary;
  });
}

interface Applying {
  readonly dataset: ReviewedDataset;
  readonly prefer: Preference;
  readonly pointFolder: string;
  readonly tally: ReviewTally;
  readonly write: (path: string, content: Uint8Array | string) => Promise<void>;
}

async function applyToImage(
  { split, image, labels, points }: ImageDecisions,
  applying: Applying,
): Promise<void> {
  const { dataset, tally, prefer, write } = applying;
  const imagePath = await dataset.imagePath(split, image);
  if (imagePath === null) {
    const all = [...[...labels.values()].flat(), ...points];
    tally.addFindings(all.map((decision) => missing(decision, 'image')));
    return;
  }
  for (const [folder, decisions] of labels) {
    const file = await dataset.readLabels(split, { image, labels: folder });
    if (file === null) {
      tally.addFindings(decisions.map((decision) => missing(decision, 'label file')));
      continue;
    }
    const { form, classes } = dataset;
    const given = { ...file, classes, canBeUnlabeled: await canBeUnlabeled(file.path, form) };
    const decided = decideLabels(given, { decisions, prefer });
    const changes = countChanges(file.labels, decided.labels);
    tally.addLabels(decided, { changes });
    if (changes.length === 0) continue;
    const patch = { before: file.labels, after: decided.labels, form };
    await write(file.path, await patchLabelFile(file.path, patch));
  }
  if (points.length === 0) return;
  await applyPoints(points, { ...applying, split, image, imagePath });
}

async function applyPoints(
  decisions: ImageDecisions['points'],
  {
    dataset,
    tally,
    prefer,
    write,
    pointFolder: folder,
    split,
    image,
    imagePath,
  }: Applying & { readonly split: string; readonly image: string; readonly imagePath: string },
): Promise<void> {
  const { classes, form } = dataset;
  const { path, file } = await dataset.readPoints(split, { image, imagePath, folder });
  const decided = decidePoints(file, { decisions, classes, prefer });
  tally.addPoints(decided);
  if (decided.fitting.length === 0) return;
  if (path.endsWith('.json')) {
    await write(path, formatPointFile(decided.file, classes));
  } else {
    const [before, after] = [sparse(file), sparse(decided.file)];
    await write(path, await patchLabelFile(path, { before, after, form }));
  }
}

/** Returns the labels [height, width] of points, 255 elsewhere. */
function sparse({ width, height, points }: PointFile): Uint8Array {
  const labels = new Uint8Array(width * height).fill(ignoreIndex);
  for (const { x, y, class: index } of points) labels[y * width + x] = index ?? ignoreIndex;
  return labels;
}

function missing({ line, place }: OrderedDecision, what: 'image' | 'label file'): ReviewFinding {
  const wanted = what === 'image' ? `images/${line.split}` : `${line.labels}/${line.split}`;
  return {
    code: what === 'image' ? 'missing-image' : 'missing-labels',
    message: `the ${what} of a decision is not in the dataset; the decision is left out`,
    example: `${place}: ${line.image} in ${wanted}`,
  };
}

/** Returns the folder of the dataset: the given one, or the one that all files of tasks name. */
function datasetOf(files: readonly DecisionFile[], data: string | undefined): string {
  if (data !== undefined) return resolve(data);
  const named = new Set(files.flatMap(({ dataset }) => dataset ?? []));
  const [first] = named;
  if (first === undefined) {
    throw new ConfigError('apply: a journal does not say where its dataset is; name the folder with --data');
  }
  if (named.size === 1) return first;
  throw new ConfigError(
    `apply: the files of tasks are about several datasets (${[...named].join(', ')}); name one with --data`,
  );
}

function preferenceOf(prefer: string | undefined, files: readonly DecisionFile[]): Preference {
  if (prefer === undefined) return null;
  if (prefer === 'last') return 'last';
  const people = [...new Set(files.flatMap(({ lines }) => lines.map(({ line }) => line.by)))];
  if (people.includes(prefer)) return { person: prefer };
  throw new ConfigError(
    `apply: nobody named '${prefer}' decided anything${suggestion(prefer, people) || `; expected last or ${people.join(', ')}`}`,
  );
}

/** Throws where the new folder would mix with something that is there. */
function checkOutput(output: string, root: string): void {
  const target = resolve(output);
  if (existsSync(target)) {
    if (!statSync(target).isDirectory()) {
      throw new ConfigError(
        `${output}: is a file; the last argument names the new folder of the reviewed dataset`,
      );
    }
    if (readdirSync(target).length > 0) {
      throw new ConfigError(
        `${output}: exists already and is never overwritten; name another folder, or remove it`,
      );
    }
  }
  const place = realPlace(target);
  if (`${place}${sep}`.startsWith(`${realpathSync(root)}${sep}`)) {
    throw new ConfigError(`${output}: lies in the dataset ${root}; name a folder outside of it`);
  }
}

/** Returns the path of a folder that need not exist, with links in what exists of it followed. */
function realPlace(path: string): string {
  if (existsSync(path) || dirname(path) === path) return realpathSync(path);
  return join(realPlace(dirname(path)), basename(path));
}

/** Returns the records of earlier reviews of a dataset, the first one first. */
function earlierRecords(root: string): unknown[] {
  const path = join(root, recordName);
  if (!existsSync(path)) return [];
  try {
    const value = parseJson(readText(path));
    if (typeof value !== 'object' || value === null) return [];
    const { earlier, ...last } = value as { earlier?: unknown };
    return [...(Array.isArray(earlier) ? earlier : []), last];
  } catch {
    // A file of another program with this name says nothing about reviews.
    return [];
  }
}
