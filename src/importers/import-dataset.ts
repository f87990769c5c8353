/** Makes a dataset of the files of an annotation tool. */

import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { ConfigError, DataError } from '../errors/index.js';
import { stageFolder, writeDurably } from '../files/index.js';
import { counted } from '../format/index.js';
import { classesText } from './classes-text.js';
import { chooseImages, type WithoutLabels } from './dataset/choose-images.js';
import { chooseSplits } from './dataset/choose-splits.js';
import { type ClassChoice, parseClassChoice } from './dataset/class-choice.js';
import { type CountedFinding, FindingTally } from './dataset/finding-tally.js';
import type { Grouping } from './dataset/frame-groups.js';
import { type NamedImage, nameImages, originOf } from './dataset/name-images.js';
import { type ResolvedClasses, resolveClasses, type UnlabeledPixels } from './dataset/resolve-classes.js';
import { type ScannedImage, type ScannedSource, scanImages } from './dataset/scan-images.js';
import { parseShares, type SplitShare } from './dataset/split-shares.js';
import { pointsFolder, writeImages } from './dataset/write-images.js';
import type { DrawOrder } from './draw-annotations.js';
import { drawingNotes, type ImportSummary, importedParts, placementNote } from './import-summary.js';
import type { Importer, ImportSource, OpenedSource } from './importer.js';
import { importers } from './importers.js';
import { listSource } from './list-source.js';
import { recognizeSource } from './recognize.js';

/** Configures `importDataset`. */
export interface ImportOptions {
  /** Names the format of the files; by default it is recognized. */
  readonly format?: string | undefined;
  /** Lists the importers that are tried: by default all of this package, beside which a program can put its own. */
  readonly importers?: readonly Importer[];
  /** Names a folder in which images are looked for, where the annotations do not lead to them. */
  readonly images?: string | undefined;
  /** Names the folder of labels in the dataset, `coarse` by default. */
  readonly labels?: string;
  /** Keeps, renames and merges classes: `car=vehicle,truck=vehicle,tree`, or a file; all are kept by default. */
  readonly classes?: string | undefined;
  /** Says what becomes of pixels that no annotation covers: `ignore` by default. */
  readonly unlabeled?: UnlabeledPixels;
  /** Says which of overlapping annotations lies on top: the smaller one by default. */
  readonly drawOrder?: DrawOrder;
  /** Labels the pixels up to this distance from points and lines, in pixels; 0 by default. */
  readonly radius?: number;
  /** Says what becomes of images without a label: left out by default, and kept where unlabeled pixels are background. */
  readonly withoutLabels?: WithoutLabels | undefined;
  /** Divides the images by shares, `0.8/0.2`; by default the splits of the files are kept. */
  readonly split?: string | undefined;
  /** Says which images stay in one split: by default those that may be frames of one video, by their names. */
  readonly grouping?: Grouping;
  /** Takes a non-negative integer, on which the division into splits depends. */
  readonly seed?: number;
  /** Copies images instead of linking them. */
  readonly copy?: boolean;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Ends the import, so that nothing is written. */
  readonly signal?: AbortSignal | undefined;
}

/** Says how far an import is. */
export interface ImportProgress {
  readonly activity: 'reading annotations' | 'drawing labels';
  readonly done: number;
  /** Is null while the number of images is not known. */
  readonly total: number | null;
}

/** Describes the form of `import.json`. */
const recordFormat = 1;
/** Names the record of an import in a dataset. */
const recordName = 'import.json';

/**
 * Reads what an annotation tool exported and writes it as a dataset into a new folder: `images`, a folder of labels,
 * `classes.json`, and `import.json`, which says what was done. The folder appears when it is complete. Nothing of the source
 * is changed.
 *
 * @throws {DataError} when the source is not recognized or nothing of it can be used, and for a folder that holds something
 * @throws {ConfigError} for an unknown format, class or option
 * @throws {FileError} when the folder cannot be written
 */
export async function importDataset(
  path: string,
  output: string,
  options: ImportOptions = {},
): Promise<ImportSummary> {
  const settings = parseOptions(options);
  await checkPlaces(path, { output, images: options.images });
  const tally = new FindingTally(path);
  const source = await listSource(path, { onFinding: (finding) => tally.add(finding) });
  const recognized = await recognizeSource(source, {
    format: options.format,
    known: options.importers ?? importers,
  });
  // Readers report what they leave out whenever they read, and it counts once.
  let reading = true;
  const opened = await recognized.importer.open(source, {
    images: options.images ?? null,
    onFinding: (finding) => {
      if (reading) tally.add(finding);
    },
  });
  return stageFolder(output, async (staging) => {
    const embeddedFolder = join(staging, '.embedded');
    const scanned = await scan(opened, { options, tally, embeddedFolder });
    reading = false;
    const plan = await planImages(scanned, { source, opened, options, settings, tally });
    const written = await writeImages(staging, opened, {
      images: plan.images,
      classes: plan.resolved.classes,
      labels: plan.resolved.labels,
      unlabeled: plan.resolved.unlabeled,
      order: settings.drawOrder,
      radius: settings.radius,
      labelsFolder: settings.labels,
      copy: options.copy ?? false,
      onFinding: (finding) => tally.add(finding),
      onProgress: ({ done, total }) => progress(options, { activity: 'drawing labels', done, total }),
    });
    await rm(embeddedFolder, { recursive: true, force: true });
    const { classes, unlabeled, leftOut } = plan.resolved;
    const summary: ImportSummary = {
      source: path,
      output,
      format: recognized.importer.format,
      title: recognized.importer.title,
      recognizedBy: recognized.by,
      labels: settings.labels,
      given: scanned.given,
      images: plan.images.length,
      ...importedParts(written, { resolved: plan.resolved, classCounts: scanned.classCounts }),
      leftOutClasses: leftOut,
      placements: Object.fromEntries(written.placements),
      findings: tally.findings(),
      notes: [
        ...plan.notes,
        ...drawingNotes(written, { classes, order: settings.drawOrder, unlabeled }),
        placementNote(written.placements),
      ],
    };
    await writeDurably(join(staging, 'classes.json'), classesText(plan.resolved.classes));
    await writeDurably(join(staging, recordName), recordText(summary, { plan, settings, source }));
    return summary;
  });
}

/** Holds the options that are checked before anything is read. */
interface Settings {
  readonly labels: string;
  readonly choice: ClassChoice | null;
  readonly shares: readonly SplitShare[] | null;
  readonly unlabeled: UnlabeledPixels;
  readonly drawOrder: DrawOrder;
  readonly radius: number;
  readonly withoutLabels: WithoutLabels;
  readonly grouping: Grouping;
  readonly seed: number;
}

function parseOptions({
  labels = 'coarse',
  classes,
  split,
  unlabeled = 'ignore',
  drawOrder = 'area',
  radius = 0,
  withoutLabels = unlabeled === 'background' ? 'keep' : 'skip',
  grouping = 'frames',
  seed = 0,
}: ImportOptions): Settings {
  if (['images', pointsFolder, ''].includes(labels) || /[/\\]|^\./.test(labels)) {
    throw new ConfigError(
      `import: expected the name of a folder beside images and ${pointsFolder} as --labels, received '${labels}'`,
    );
  }
  if (!(radius >= 0 && radius < 1e4)) {
    throw new ConfigError(`import: expected a radius of at least 0 pixels, received ${radius}`);
  }
  return {
    labels,
    choice: classes === undefined ? null : parseClassChoice(classes),
    shares: split === undefined ? null : parseShares(split),
    unlabeled,
    drawOrder,
    radius,
    withoutLabels,
    grouping,
    seed,
  };
}

/** Throws unless the images' folder is there and the dataset gets a new or empty folder outside of what is imported. */
async function checkPlaces(
  path: string,
  { output, images }: { readonly output: string; readonly images: string | undefined },
): Promise<void> {
  const found = images === undefined ? null : await stat(images).catch(() => undefined);
  if (found !== null && found?.isDirectory() !== true) {
    throw new ConfigError(`import: --images ${images}: no such folder; expected the folder of the images`);
  }
  const [source, target] = [resolve(path), resolve(output)];
  if (target === source || target.startsWith(`${source}${sep}`)) {
    throw new DataError(`${output}: lies in what is imported, ${path}; choose a folder outside of it`);
  }
  const entries = await readdir(output).catch((cause: NodeJS.ErrnoException): string[] => {
    if (cause.code === 'ENOENT') return [];
    throw new DataError(`${output}: cannot hold a dataset (${cause.message})`, { cause });
  });
  if (entries.length === 0) return;
  const isDataset = entries.includes('classes.json');
  throw new DataError(
    isDataset
      ? `${output}: holds a dataset already, to which nothing is added; choose a new folder, import into it, and copy its ` +
          'folder of labels over if the classes are the same'
      : `${output}: is not empty; choose a new folder`,
  );
}

function progress({ onProgress, signal }: ImportOptions, state: ImportProgress): void {
  signal?.throwIfAborted();
  onProgress?.(state);
}

async function scan(
  opened: OpenedSource,
  {
    options,
    tally,
    embeddedFolder,
  }: { readonly options: ImportOptions; readonly tally: FindingTally; readonly embeddedFolder: string },
): Promise<ScannedSource> {
  return scanImages(opened, {
    embeddedFolder,
    onFinding: (finding) => tally.add(finding),
    onImage: (done) => progress(options, { activity: 'reading annotations', done, total: opened.count }),
  });
}

interface ImagePlan {
  readonly images: readonly NamedImage[];
  readonly resolved: ResolvedClasses;
  readonly notes: readonly string[];
  /** Says how the images were divided. */
  readonly division: { readonly by: 'files' | 'shares'; readonly shares: string | null };
}

async function planImages(
  scanned: ScannedSource,
  {
    source,
    opened,
    options,
    settings,
    tally,
  }: {
    readonly source: ImportSource;
    readonly opened: OpenedSource;
    readonly options: ImportOptions;
    readonly settings: Settings;
    readonly tally: FindingTally;
  },
): Promise<ImagePlan> {
  if (scanned.images.length === 0) throw nothingLeft(source.path, { given: scanned.given, tally });
  const resolved = resolveClasses({
    listed: opened.classes,
    seen: [...scanned.classCounts.keys()],
    choice: settings.choice,
    unlabeled: settings.unlabeled,
    source: source.path,
  });
  const chosen = await chooseImages(scanned.images, {
    labels: resolved.labels,
    withoutLabels: settings.withoutLabels,
    onFinding: (finding) => tally.add(finding),
  });
  if (chosen.length === 0) throw nothingLeft(source.path, { given: scanned.given, tally });
  const roots = [source.root, ...(options.images === undefined ? [] : [options.images])];
  const origins = chosen.map((image) => originOf(image, roots));
  const { splits, by, shares, notes } = chooseSplits({
    origins,
    stated: chosen.map(({ split }) => split),
    shares: settings.shares,
    grouping: settings.grouping,
    seed: settings.seed,
  });
  const images = nameImages(chosen, { origins, splits, onFinding: (finding) => tally.add(finding) });
  return {
    images,
    resolved,
    notes: [...notes, ...resolved.notes, ...classNotes(resolved, settings)],
    division: { by, shares },
  };
}

function classNotes({ classes, leftOut }: ResolvedClasses, { unlabeled }: Settings): string[] {
  const [only] = classes;
  const rest = unlabeled === 'background' ? 'are background' : 'are not labeled';
  return [
    ...(leftOut.length === 0
      ? []
      : [`classes that --classes does not name ${rest}: ${leftOut.join(', ')}; * keeps them`]),
    ...(classes.length > 1 || only === undefined
      ? []
      : [
          `${only.name} is the only class, and nothing can be learned without a second one: --unlabeled background adds it`,
        ]),
  ];
}

function nothingLeft(
  path: string,
  { given, tally }: { readonly given: number; readonly tally: FindingTally },
): DataError {
  const found = tally.findings();
  if (given === 0 && found.length === 0) return new DataError(`${path}: no annotated image in it`);
  const reasons = [...found]
    .sort((a, b) => b.count - a.count)
    .slice(0, 3)
    .map(reasonText);
  const what =
    given === 0 ? 'no image can be imported' : `none of ${counted(given, 'image')} can be imported`;
  return new DataError(`${path}: ${what}: ${reasons.join('; ')}`);
}

function reasonText({ message, count, examples }: CountedFinding): string {
  const example = examples[0] === undefined ? '' : ` (${examples[0]})`;
  return `${message}${count === 1 ? '' : `, ${count} times`}${example}`;
}

/** Returns the text of the record: what was done with which settings, and where each image comes from, one a line. */
function recordText(
  { source: path, output: _output, ...summary }: ImportSummary,
  {
    plan,
    settings,
    source,
  }: { readonly plan: ImagePlan; readonly settings: Settings; readonly source: ImportSource },
): string {
  const { unlabeled, drawOrder, radius, grouping, seed } = settings;
  const record = {
    recordFormat,
    source: resolve(path),
    ...summary,
    settings: { unlabeled, drawOrder, radius, division: { ...plan.division, grouping, seed } },
  };
  const placeOf = (file: string) => {
    const inside = relative(source.root, file);
    return inside.startsWith('..') ? file : inside;
  };
  const files = plan.images.map((image: ScannedImage & NamedImage) =>
    JSON.stringify({
      split: image.datasetSplit,
      name: image.name,
      image: image.embedded ? basename(image.fileName.replaceAll('\\', '/')) : placeOf(image.path),
      annotations: placeOf(image.source),
    }),
  );
  const head = JSON.stringify(record, null, 2).slice(0, -2);
  return `${head},\n  "files": [\n    ${files.join(',\n    ')}\n  ]\n}\n`;
}
