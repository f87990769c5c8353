/** Inspects a dataset folder: what it holds, what is wrong with it, and which parts to train and evaluate on. */

import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { datasets, ignoreIndex } from '../data/index.js';
import { turnedNote, withColors } from '../data/internal.js';
import { ConfigError, DataError } from '../errors/index.js';
import { chooseParts } from './choose-parts.js';
import { compareLabels, comparisonHints } from './compare-labels.js';
import type { DatasetInspection, Finding, LabelSetInspection } from './dataset-inspection.js';
import { openDatasetSource } from './dataset-source.js';
import { noSplit } from './folder-listing.js';
import { openFolderSource } from './folder-source.js';
import { imageHints } from './image-tally.js';
import { importRemedy, importRemedyOfFile } from './import-remedy.js';
import { inspectPoints } from './inspect-points.js';
import { labelFindings, labelHints } from './label-findings.js';
import { notADataset } from './not-a-dataset.js';
import { officialLayouts } from './official-layouts.js';
import { paletteFindings } from './palette-findings.js';
import { proposeClasses } from './propose-classes.js';
import { splitOptions } from './reading-options.js';
import { type ScanOptions, type SetTally, scan } from './scan.js';
import type { InspectionSource } from './source.js';
import { findVerdict } from './verdict.js';

/** Configures `inspectDataset`. */
export interface DatasetInspectionOptions extends Partial<ScanOptions> {
  /** Names the kind of dataset; by default it is recognized by the names of the folders. */
  readonly kind?: string;
  /** Holds keys of the `data` section that say how files are read, such as `labelSuffix` and `exif`. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Limits the samples that are decoded in each split by default. */
export const defaultSample = 100;

/**
 * Inspects a dataset folder. Problems with files are part of the result and never thrown.
 *
 * @throws {DataError} when `root` is not a folder, or not in the layout of `kind`
 * @throws {ConfigError} when `kind` is unknown, or its splits cannot be found by the names of folders
 */
export async function inspectDataset(
  root: string,
  { kind, options: given = {}, sample = defaultSample, onProgress }: DatasetInspectionOptions = {},
): Promise<DatasetInspection> {
  const folder = await stat(root).catch(() => null);
  if (!folder?.isDirectory()) {
    const what = folder === null ? 'no such folder' : 'not a folder';
    const importing = folder?.isFile() ? await importRemedyOfFile(root) : null;
    throw new DataError(`${root}: ${what}; ${importing ?? 'check takes the folder of a dataset'}`);
  }
  const source = await openSource(root, { kind, options: given });
  if (source === null) return notADataset(root);
  const options: ScanOptions = { sample, ...(onProgress === undefined ? {} : { onProgress }) };
  let scanned = await scan(source, options);
  const tallies = [...scanned.tallies.values()].map(({ all }) => all);
  const unknown = tallies.some((tally) => tally.unknown('value').files + tally.unknown('color').files > 0);
  const proposed = source.classList === null || unknown ? proposeClasses(tallies, source.classList) : null;
  let { classList } = source;
  if (classList === null && proposed !== null) {
    // The proposed list gives every value a meaning, so that two label folders can be compared.
    classList = { classes: withColors(proposed.classes), ignoredValue: ignoreIndex };
    scanned = await scan({ ...source, classList }, options);
  }
  const comparisons = compareLabels(scanned.pairs, classList);
  const labelSets = source.labelSets.map((name) =>
    summarizeLabelSet(name, { source, tally: scanned.tallies.get(name) }),
  );
  const problems = [...source.findings, ...scanned.findings];
  const hints = [...source.notes];
  for (const [labels, tally] of scanned.tallies) {
    if (classList === null) continue;
    problems.push(...labelFindings(labels, { tally, classList }));
    hints.push(...labelHints(labels, { tally, classList }));
  }
  hints.push(...comparisons.flatMap((comparison) => comparisonHints(comparison)));
  if (labelSets.length === 0) problems.push(await noLabels(root));
  problems.push(...(await paletteFindings(source, classList)));
  for (const { name, turned } of scanned.splits) {
    if (turned > 0)
      hints.push(`${name === noSplit ? 'images' : name}: ${turnedNote(turned, splitOptions(given).images)}`);
  }
  for (const { name, stored } of scanned.splits) {
    if (stored === null) continue;
    const refused = problems.some(({ code, split }) => code === 'image-range' && split === name);
    hints.push(...imageHints(name, { summary: stored, stated: splitOptions(given).images, refused }));
  }
  const found = await inspectPoints(source, { ...splitOptions(given).section });
  problems.push(...found.findings);
  const parts = chooseParts(source, comparisons);
  const verdict = await findVerdict(source, { parts, problems });
  const oneSplit = parts.train !== null && parts.train.split === parts.evaluation?.split;
  if (oneSplit && parts.train?.split !== noSplit) {
    hints.push('there is one labeled split only: scores on images that were trained on say little');
  }
  return {
    root,
    kind: source.kind,
    classes: source.classList?.classes ?? null,
    splits: scanned.splits,
    labelSets,
    comparisons,
    points: found.points,
    problems,
    hints,
    proposedClasses: proposed,
    expected: null,
    found: null,
    verdict,
  };
}

interface OpenOptions {
  readonly kind: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

async function openSource(root: string, { kind, options }: OpenOptions): Promise<InspectionSource | null> {
  if (kind !== undefined) datasets.get(kind);
  // A classes.json marks a folder of the user's own, whatever its folders are named.
  const own =
    kind === undefined && existsSync(join(root, 'classes.json'))
      ? await openFolderSource(root, options)
      : null;
  if (own !== null) return own;
  for (const layout of officialLayouts) {
    if (kind !== undefined && kind !== layout.kind) continue;
    const parts = await layout.parts(root);
    if (parts.length > 0) return openDatasetSource({ kind: layout.kind, root, options }, parts);
    if (kind !== undefined) throw new DataError(`${root}: not the folders of ${layout.title}`);
  }
  if (kind !== undefined && kind !== 'folder') {
    throw new ConfigError(`check: cannot tell the splits of kind '${kind}' by its folders`);
  }
  return openFolderSource(root, options);
}

async function noLabels(root: string): Promise<Finding> {
  const importing = await importRemedy(root);
  return {
    code: 'no-labels',
    split: null,
    labels: null,
    message: 'there are images, but no labels',
    remedy: importing ?? 'put label PNGs of the same names into labels/SPLIT, beside images/',
    count: 0,
    examples: [],
  };
}

function summarizeLabelSet(
  name: string,
  { source, tally }: { readonly source: InspectionSource; readonly tally: SetTally | undefined },
): LabelSetInspection {
  const perClass = tally?.all.perClass() ?? [];
  const values = [...(tally?.all.values.keys() ?? [])].sort((a, b) => a - b);
  return {
    name,
    splits: source.splits.flatMap((split) => {
      const labels = split.labels.get(name);
      const decoded = tally?.bySplit.get(split.name)?.files ?? 0;
      return labels === undefined ? [] : [{ name: split.name, files: labels.files, decoded }];
    }),
    options: source.options.get(name) ?? {},
    forms: [...(tally?.all.forms ?? [])]
      .sort(([, a], [, b]) => b - a)
      .map(([form, files]) => ({ form, files })),
    values: values.length === 0 ? null : values,
    unlabeledShare: tally?.all.unlabeledShare ?? null,
    perClass,
    neverSeen: perClass.filter(({ pixels }) => pixels === 0).map((entry) => entry.name),
  };
}
