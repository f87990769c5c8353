/** Makes a dataset of the files of an annotation tool. */

import { readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { ConfigError, DataError } from '../errors/index.js';
import { stageFolder, writeDurably } from '../files/index.js';
import { classesText } from './classes-text.js';
import { FindingTally } from './dataset/finding-tally.js';
import { type ScannedSource, scanImages } from './dataset/scan-images.js';
import { chooseOrder } from './dataset/stated-order.js';
import { writeImages } from './dataset/write-images.js';
import { isUnfound } from './image-finder.js';
import { type ImportOptions, type ImportProgress, parseOptions } from './import-options.js';
import { recordName, recordText } from './import-record.js';
import { drawingNotes, type ImportSummary, importedParts, placementNote } from './import-summary.js';
import type { OpenedSource } from './importer.js';
import { importers } from './importers.js';
import { listSource } from './list-source.js';
import { planImages } from './plan-images.js';
import { recognizeSource } from './recognize.js';

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
  // Places are relative to what is imported, also where that is one file.
  const found = await stat(path).catch(() => null);
  const tally = new FindingTally(found?.isFile() ? dirname(path) : path);
  const source = await listSource(path, { onFinding: (finding) => tally.add(finding) });
  const recognized = await recognizeSource(source, {
    format: options.format,
    known: options.importers ?? importers,
  });
  // Readers report what they leave out whenever they read, and it counts once.
  let reading = true;
  let unfound = 0;
  const opened = await recognized.importer.open(source, {
    images: options.images ?? null,
    onFinding: (finding) => {
      if (!reading) return;
      tally.add(finding);
      if (isUnfound(finding)) unfound++;
    },
  });
  return stageFolder(output, async (staging) => {
    const embeddedFolder = join(staging, '.embedded');
    const scanned = await scan(opened, { options, tally, embeddedFolder, unfound: () => unfound });
    reading = false;
    const plan = await planImages(scanned, {
      source,
      opened,
      imageFolder: options.images,
      settings,
      tally,
    });
    const drawing = chooseOrder(settings.drawOrder, scanned.statedOrder);
    const written = await writeImages(staging, opened, {
      images: plan.images,
      classes: plan.resolved.classes,
      labels: plan.resolved.labels,
      unlabeled: plan.resolved.unlabeled,
      order: drawing.order,
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
      given: plan.given,
      images: plan.images.length,
      ...importedParts(written, plan.resolved),
      leftOutClasses: leftOut,
      placements: Object.fromEntries(written.placements),
      findings: tally.findings(),
      notes: [
        ...plan.notes,
        ...drawingNotes(written, { classes, drawing, unlabeled }),
        placementNote(written.placements),
      ],
    };
    await writeDurably(join(staging, 'classes.json'), classesText(plan.resolved.classes));
    await writeDurably(
      join(staging, recordName),
      recordText(summary, { plan, settings, drawOrder: drawing.order, source }),
    );
    return summary;
  });
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
  const target = await realPlace(output);
  for (const place of [path, ...(images === undefined ? [] : [images])]) {
    const source = await realPlace(place);
    if (target !== source && !target.startsWith(`${source}${sep}`)) continue;
    const what = place === path ? 'in what is imported' : 'in the folder of the images';
    throw new DataError(`${output}: lies ${what}, ${place}; choose a folder outside of it`);
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

/** Returns where a path leads, through links, also when the last parts of it are not there yet. */
async function realPlace(path: string): Promise<string> {
  const place = resolve(path);
  const real = await realpath(place).catch(() => null);
  if (real !== null || dirname(place) === place) return real ?? place;
  return join(await realPlace(dirname(place)), basename(place));
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
    unfound,
  }: {
    readonly options: ImportOptions;
    readonly tally: FindingTally;
    readonly embeddedFolder: string;
    readonly unfound: () => number;
  },
): Promise<ScannedSource> {
  return scanImages(opened, {
    embeddedFolder,
    unfound,
    onFinding: (finding) => tally.add(finding),
    onImage: (done) => progress(options, { activity: 'reading annotations', done, total: opened.count }),
  });
}
