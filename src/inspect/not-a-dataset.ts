/** Describes a folder that is not a dataset: what was expected, what is there, and where a dataset may be instead, or how to import one. */

import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { DatasetInspection, Finding } from './dataset-inspection.js';
import { foldersIn, listFolder, splitsWith } from './folder-listing.js';
import { importRemedy } from './import-remedy.js';
import { officialLayouts } from './official-layouts.js';

const expectedTree = `DATASET/
  classes.json              { "classes": [{ "name": "road" }, { "name": "car" }] }
  images/train/NAME.jpg     and images/val: JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF
  coarse/train/NAME.png     labels of the same names: 8-bit gray, palette or RGB
  fine/val/NAME.png         as many folders of labels as you like, or one called labels`;

/** Lists extensions that only images have, as labels are never stored as JPEG. */
const photoExtensions: ReadonlySet<string> = new Set(['.jpg', '.jpeg', '.jpe', '.jfif']);
const shownEntries = 12;
const maximumDepth = 2;

/** Returns the inspection of such a folder. */
export async function notADataset(root: string): Promise<DatasetInspection> {
  const problem: Finding = {
    code: 'not-a-dataset',
    split: null,
    labels: null,
    message: 'there is no folder images/ with images in it',
    remedy: await remedyFor(root),
    count: 0,
    examples: [],
  };
  return {
    root,
    kind: null,
    classes: null,
    splits: [],
    labelSets: [],
    comparisons: [],
    points: [],
    problems: [problem],
    hints: [],
    proposedClasses: null,
    expected: expectedTree,
    found: await describeFolder(root),
    verdict: { usable: false, train: null, evaluation: null },
  };
}

/** Returns where the dataset is, or which folder only needs another name. */
async function remedyFor(root: string): Promise<string> {
  const nearby = await nearbyDataset(root);
  if (nearby !== null) return `${nearby} looks like a dataset: coarsely check ${nearby}`;
  const importing = await importRemedy(root);
  if (importing !== null) return importing;
  for (const folder of await foldersIn(root)) {
    if ((await splitsWith(root, { folder, extensions: photoExtensions })).length > 0) {
      return `the images seem to be in ${folder}/: call it images/, and arrange the rest as above`;
    }
  }
  return 'arrange the files as above';
}

/** Draws the tree of a folder, two levels deep, with files counted by extension. */
async function describeFolder(root: string): Promise<string> {
  const lines = await describe(root, 1);
  return [`${basename(resolve(root))}/`, ...(lines.length === 0 ? ['  (empty)'] : lines)].join('\n');
}

async function describe(folder: string, depth: number): Promise<string[]> {
  const folders = await foldersIn(folder);
  const indent = '  '.repeat(depth);
  const lines: string[] = [];
  for (const name of folders.slice(0, shownEntries)) {
    lines.push(`${indent}${name}/`);
    if (depth < maximumDepth) lines.push(...(await describe(join(folder, name), depth + 1)));
    else lines[lines.length - 1] += await fileCounts(join(folder, name), '   ');
  }
  if (folders.length > shownEntries)
    lines.push(`${indent}… and ${folders.length - shownEntries} more folders`);
  const files = await fileCounts(folder, indent);
  if (files !== '') lines.push(files);
  return lines;
}

/** Returns `12 .jpg, 1 .json`, the most common extension first, or an empty string for a folder without files. */
async function fileCounts(folder: string, indent: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const counts = new Map<string, number>();
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    const extension = extname(entry.name) || 'without extension';
    counts.set(extension, (counts.get(extension) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a).slice(0, 4);
  return sorted.length === 0
    ? ''
    : `${indent}${sorted.map(([name, count]) => `${count} ${name}`).join(', ')}`;
}

/** Searches one level below and two levels above, as people often pass a folder next to the dataset. */
async function nearbyDataset(root: string): Promise<string | null> {
  const below = (await foldersIn(root)).slice(0, shownEntries).map((name) => join(root, name));
  const above = [dirname(resolve(root)), dirname(dirname(resolve(root)))];
  for (const folder of [...below, ...above]) if (await looksLikeDataset(folder)) return folder;
  return null;
}

async function looksLikeDataset(folder: string): Promise<boolean> {
  for (const layout of officialLayouts) if ((await layout.parts(folder)).length > 0) return true;
  const names = await foldersIn(folder);
  if (!names.includes('images')) return false;
  const listing = await listFolder(folder);
  return listing !== null && listing.labelSets.length > 0;
}
