/**
 * Audits the labels of a dataset: predicts every image by networks that did not learn from it, finds the regions of labels
 * that are probably wrong, and puts those of all images into one order.
 */

import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Config, datasetSection } from '../config/index.js';
import { datasets, ignoreIndex, openDataset, type SegmentationDataset } from '../data/index.js';
import { sampleStamps } from '../data/internal.js';
import { DataError, OperationError } from '../errors/index.js';
import { type LoadedRun, loadRun } from '../evaluation/index.js';
import { writeTextAtomically } from '../files/index.js';
import { formatRuns, maskRuns } from '../geometry/index.js';
import type { ComponentSection } from '../registry/index.js';
import { keysOf } from '../registry/internal.js';
import { candidateAt } from '../suggest/index.js';
import type { Audit } from './audit.js';
import { AuditStore, type ImageRecord, stateOf } from './audit-store.js';
import { examineImage } from './examine-image.js';
import type { FoundRegion } from './find-regions.js';
import { type FoldPredictionsOptions, openFoldPredictions } from './fold-predictions.js';
import { assignFolds } from './folds.js';
import { type AuditEvent, type AuditPredictions, Pace, type PredictedImage } from './predictions.js';
import { rankRegions } from './rank-regions.js';
import { openRunPredictions } from './run-predictions.js';
import { scoringVersion } from './score-image.js';
import { writeContactSheet } from './sheet/write-contact-sheet.js';
import type { SuspectRegion } from './suspect-region.js';

/** Configures `auditDataset`. */
export interface AuditOptions {
  /** Names the folder of the audit; by default `audit-NAME` in the config's output, or `audit-NAME-2` where that is another. */
  readonly output?: string;
  /** Counts the folds of images; 5 by default. */
  readonly folds?: number;
  /** Counts the heads of each fold, whose likelihoods are averaged; 1 by default. */
  readonly seeds?: number;
  /** Names a run whose network judges all images, in place of folds; null by default. */
  readonly run?: string | null;
  /** Counts the regions on the contact sheet; 200 by default. */
  readonly shown?: number;
  readonly onEvent?: (event: AuditEvent) => void;
  /** Is asked before each training and each image; true ends the audit, and the same call goes on with it later. */
  readonly shouldStop?: () => boolean;
}

/** Holds the result of an audit with the paths of its files. */
export interface AuditResult {
  readonly audit: Audit;
  readonly folder: string;
  /** Holds a `SuspectRegion` on each line, the one with most expected wrong pixels first. */
  readonly regionsFile: string;
  readonly auditFile: string;
  readonly sheetFile: string;
}

/**
 * Audits the labels of the training part of a config, and writes `regions.jsonl`, `audit.json` and `audit.html`. The result is
 * null when `shouldStop` ended it. ImageNet weights that the config names must have been fetched.
 *
 * @param config a config of quick training, such as the recipe `quick` with the folder of the dataset
 * @throws {ConfigError} when the config cannot be audited with, or the folder holds something else
 * @throws {DataError} when the dataset cannot be used, or has fewer than two images with labels
 * @throws {OperationError} when folds, seeds or the number of regions are out of range
 */
export async function auditDataset(config: Config, options: AuditOptions = {}): Promise<AuditResult | null> {
  const { folds = 5, seeds = 1, run: runFolder = null, shown = 200 } = options;
  const { onEvent = () => undefined, shouldStop = () => false } = options;
  expectCounts({ folds, seeds, shown });
  const section = auditedSection(config);
  const files = await openAudited(section, onEvent);
  using run = runFolder === null ? null : await loadRun(runFolder);
  const settings = await settingsOf(config, { section, files, folds, seeds, run });
  using store =
    options.output === undefined
      ? AuditStore.openNext(join(config.output, `audit-${basename(String(section.root))}`), settings)
      : AuditStore.open(options.output, settings);
  if (store.done < files.length) {
    const opening = { section, files, folder: store.state, onEvent, shouldStop };
    using predictions = await openPredictions(config, { ...opening, run, folds, seeds });
    if (predictions === null) return null;
    store.keepAssumptions(predictions.assumptions);
    if (!(await auditImages(predictions, { store, section, onEvent, shouldStop }))) return null;
  }
  const { folder } = store;
  const [regionsFile, auditFile, sheetFile] = ['regions.jsonl', 'audit.json', 'audit.html'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const { classes } = files;
  const { first, ...ranked } = rankRegions(store, { file: regionsFile, classes, shown });
  const audit: Audit = {
    version: 1,
    root: String(section.root),
    split: String(section.split),
    labels: String(section.labels),
    folds: run === null ? Math.min(folds, files.length) : null,
    run: runFolder,
    classes,
    assumptions: store.assumptions,
    ...ranked,
  };
  writeTextAtomically(auditFile, `${JSON.stringify(audit, null, 1)}\n`);
  await writeContactSheet(sheetFile, { audit, regions: first, files });
  return { audit, folder, regionsFile, auditFile, sheetFile };
}

function openPredictions(
  config: Config,
  { run, ...options }: FoldPredictionsOptions & { readonly run: LoadedRun | null },
): Promise<AuditPredictions | null> {
  return run === null ? openFoldPredictions(config, options) : openRunPredictions(run, options);
}

/**
 * Opens what a finished audit predicted by, with the heads that it kept; the caller disposes it. It is null when `shouldStop`
 * ended it. The options are those of the audit.
 *
 * @param options.folder the folder of the audit
 */
export async function openAuditPredictions(
  config: Config,
  options: Omit<AuditOptions, 'output' | 'shown'> & { readonly folder: string },
): Promise<{ readonly predictions: AuditPredictions; readonly section: ComponentSection } | null> {
  const { folder, folds = 5, seeds = 1, run: runFolder = null } = options;
  const { onEvent = () => undefined, shouldStop = () => false } = options;
  const section = auditedSection(config);
  const files = await openDataset(section);
  const run = runFolder === null ? null : await loadRun(runFolder);
  const opening = { section, files, folder: stateOf(folder), onEvent, shouldStop };
  const predictions = await openPredictions(config, { ...opening, run, folds, seeds });
  if (predictions === null) return null;
  return {
    section,
    predictions: {
      ...predictions,
      read: (index) => predictions.read(index),
      [Symbol.dispose]: () => {
        predictions[Symbol.dispose]();
        run?.[Symbol.dispose]();
      },
    },
  };
}

/** Returns the section of the labels that a config audits: those that train, as far as images have them. */
export function auditedSection(config: Config): ComponentSection {
  const section = datasetSection({ ...config.data, root: resolve(config.data.root) }, 'train');
  const { options } = datasets.get(section.kind);
  return keysOf(options, []).includes('missingLabels') ? { ...section, missingLabels: 'skip' } : section;
}

async function openAudited(
  section: ComponentSection,
  onEvent: (event: AuditEvent) => void,
): Promise<SegmentationDataset> {
  const files = await openDataset(section);
  for (const message of files.skipped ?? []) onEvent({ type: 'notice', message });
  if (files.length === 0) {
    throw new DataError(`${section.root}: no image with ${section.labels} labels in ${section.split}`);
  }
  return files;
}

/** Looks at the images that have no record yet, and tells whether all have one. */
async function auditImages(
  predictions: AuditPredictions,
  {
    store,
    section,
    onEvent,
    shouldStop,
  }: {
    readonly store: AuditStore;
    readonly section: ComponentSection;
    readonly onEvent: (event: AuditEvent) => void;
    readonly shouldStop: () => boolean;
  },
): Promise<boolean> {
  const { files } = predictions;
  const pace = new Pace(files.length, { before: store.done });
  while (store.done < files.length) {
    // Lets signals and other work come in between two images.
    await setImmediate();
    if (shouldStop()) return false;
    const index = store.done;
    const predicted = await predictions.read(index);
    store.add(recordOf(predicted, { ...placeOf(files.name(index), section), predictions }));
    onEvent({ type: 'image', ...pace.after(store.done) });
  }
  return true;
}

/** Returns the split and the name of an image; with several splits, names begin with theirs. */
function placeOf(
  name: string,
  { split, labels }: ComponentSection,
): Pick<SuspectRegion, 'split' | 'image' | 'labels'> {
  const whole = { split: String(split), image: name, labels: String(labels) };
  if (!whole.split.includes('+')) return whole;
  const end = name.indexOf('/');
  return { ...whole, split: name.slice(0, end), image: name.slice(end + 1) };
}

function recordOf(
  predicted: PredictedImage,
  {
    predictions: { classes },
    ...place
  }: Pick<SuspectRegion, 'split' | 'image' | 'labels'> & { readonly predictions: AuditPredictions },
): ImageRecord {
  const { labels, width, height, labeled, unjudged } = predicted;
  const { split, image } = place;
  const isEmpty = labels.every((label) => label === ignoreIndex);
  const found = isEmpty ? [] : examineImage(predicted).regions;
  const nameOf = (index: number) => classes[index]?.name ?? '';
  const regions = found.map((region): SuspectRegion => {
    const [given, suggested] = [nameOf(region.given), nameOf(region.suggested)];
    const runs = runsOf(region, { width, height });
    const identity = [split, image, place.labels, width, height, given, suggested, runs];
    return {
      id: createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16),
      ...place,
      ...{ width, height, box: region.box, pixels: region.pixels.length, runs, given, suggested },
      expectedWrong: rounded(region.expectedWrong),
      confidence: rounded(region.confidence),
      loss: rounded(region.loss),
      weight: rounded(weightOf(region, predicted)),
      kind: region.kind,
    };
  });
  return { split, image, labeled, unjudged, regions };
}

function runsOf({ pixels }: FoundRegion, size: { readonly width: number; readonly height: number }): string {
  const mask = new Uint8Array(size.width * size.height);
  for (const pixel of pixels) mask[pixel] = 1;
  return formatRuns(maskRuns(mask, size));
}

function weightOf({ pixels }: FoundRegion, { grid, weights, width }: PredictedImage): number {
  let sum = 0;
  for (const pixel of pixels)
    sum += weights[candidateAt({ x: pixel % width, y: Math.floor(pixel / width) }, grid)] as number;
  return sum / pixels.length;
}

/** Leaves five digits, as more are of no use to anyone. */
function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

/** Returns everything that the record of an image depends on. */
async function settingsOf(
  config: Config,
  {
    section,
    files,
    folds,
    seeds,
    run,
  }: {
    readonly section: ComponentSection;
    readonly files: SegmentationDataset;
    readonly folds: number;
    readonly seeds: number;
    readonly run: LoadedRun | null;
  },
): Promise<Record<string, unknown>> {
  const stamps = (await sampleStamps(files.files)) ?? files.length;
  const names = Array.from({ length: files.length }, (_, index) => files.name(index));
  const data = createHash('sha256')
    .update(JSON.stringify([stamps, names, files.classes.map(({ name }) => name)]))
    .digest('hex')
    .slice(0, 16);
  const common = { scoringVersion, data, section };
  if (run !== null) {
    const { folder, step, checkpoint } = run;
    return { ...common, run: resolve(folder), step, checkpoint: statSync(checkpoint).mtimeMs };
  }
  const { model, loss, confidence, reweighter, optimizer, schedule, quick, training, precision } = config;
  const { diskMiB: _, ...quickSettings } = quick ?? { diskMiB: 0 };
  return {
    ...common,
    ...{
      folds,
      assignment: assignmentOf(names, { folds }),
      seeds,
      seed: config.seed,
      precision,
      model,
      loss,
      confidence,
      reweighter,
      optimizer,
      schedule,
    },
    quick: quickSettings,
    steps: training.iterations,
    isolatedFraction: training.isolatedFraction,
    baseSize: config.inference.baseSize,
    labelDeformation: config.data.augmentation.labelDeformation,
  };
}

/**
 * Identifies which fold learns from which images, as heads that were kept say nothing about images of folds that were divided in
 * another way.
 */
function assignmentOf(names: readonly string[], { folds }: { readonly folds: number }): string {
  const assigned = assignFolds(names, { folds });
  const learned = Uint8Array.from({ length: assigned.count * names.length }, (_, place) =>
    Number(assigned.learnsFrom(Math.floor(place / names.length), place % names.length)),
  );
  return createHash('sha256').update(assigned.foldOf).update(learned).digest('hex').slice(0, 16);
}

function expectCounts({
  folds,
  seeds,
  shown,
}: {
  readonly folds: number;
  readonly seeds: number;
  readonly shown: number;
}): void {
  const check = (name: string, value: number, range: readonly [number, number]) => {
    if (Number.isInteger(value) && value >= range[0] && value <= range[1]) return;
    throw new OperationError(`audit: expected ${name} from ${range[0]} to ${range[1]}, received ${value}`);
  };
  check('folds', folds, [2, 255]);
  check('seeds', seeds, [1, 100]);
  check('regions', shown, [0, 10_000]);
}
