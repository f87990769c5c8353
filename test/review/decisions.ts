/** Makes a dataset of small label files that are drawn as rows of signs, and lines of journals about them. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readLabels } from 'coarsely/data';
import { applyJournals, JournalWriter, type NewJournalLine } from 'coarsely/review';
import { encode } from 'fast-png';
import { formatRuns, maskRuns } from '#geometry/index.js';
import { makeTemporaryFolder } from '../support/temporary-folders.js';

export const size = { width: 6, height: 4 };

/** Names the image that lines are about unless they say something else. */
export const place = { split: 'train', image: 'a', labels: 'coarse', ...size };

export const classes = [
  { name: 'road', color: [128, 64, 128] },
  { name: 'car', color: [0, 0, 142] },
  { name: 'tree', color: [107, 142, 35] },
] as const;
const signs = 'rct';

/** Draws the labels that all label files of `reviewedDataset` have. */
export const drawn = ['ccccrr', 'ccccrr', 'tttt..', 'tttt..'];

export function reviewFolder(): string {
  return makeTemporaryFolder('coarsely-review-');
}

export function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Returns the labels of rows of signs: the first letter of a class, or a dot. */
export function labelsOf(rows: readonly string[]): Uint8Array {
  return Uint8Array.from(rows.join(''), (sign) => (sign === '.' ? 255 : signs.indexOf(sign)));
}

/** Reads a label file as rows of signs. */
export async function rowsOf(path: string): Promise<string[]> {
  const { labels, width } = await readLabels(path, { classes, ignoredValue: 255 });
  const text = Array.from(labels, (label) => signs[label] ?? '.').join('');
  return text.match(new RegExp(`.{${width}}`, 'g')) ?? [];
}

/** Writes a dataset with the images a and b in `train`, c in `val`, labels `coarse` and `fine`, and returns its root. */
export function reviewedDataset(): string {
  const root = join(reviewFolder(), 'data');
  put(join(root, 'classes.json'), JSON.stringify({ classes }));
  const labels = encode({ ...size, channels: 1, depth: 8, data: labelsOf(drawn) });
  for (const name of ['train/a', 'train/b', 'val/c']) {
    const data = Uint8Array.from({ length: 72 }, (_, at) => at + name.length);
    put(join(root, 'images', `${name}.png`), encode({ ...size, channels: 3, depth: 8, data }));
    for (const folder of ['coarse', 'fine']) put(join(root, folder, `${name}.png`), labels);
  }
  return root;
}

/** Returns a region of the pixels that are `#` in rows of an image. */
export function regionOf(
  rows: readonly string[],
  { id = 'r1', given = 'car', suggested = 'tree' }: { id?: string; given?: string; suggested?: string } = {},
) {
  const mask = Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0));
  return { id, given, suggested, runs: formatRuns(maskRuns(mask, size)) };
}

/** Is a region of four pixels that are labeled car. */
export const corner = ['##....', '##....', '......', '......'];

/** Returns a line that accepts what is suggested for the upper left corner. */
export function accept(more: Partial<NewJournalLine> = {}): NewJournalLine {
  return { by: 'anna', action: 'accept', ...place, region: regionOf(corner), ...more } as NewJournalLine;
}

/** Writes a journal whose lines are a minute apart, beginning with minute `from`, and returns its path. */
export function journalOf(
  lines: readonly NewJournalLine[],
  { from = 0, name = 'review.jsonl' }: { readonly from?: number; readonly name?: string } = {},
): string {
  const path = join(reviewFolder(), name);
  using writer = JournalWriter.open(path);
  for (const [index, line] of lines.entries()) {
    const minute = String(from + index).padStart(2, '0');
    writer.append({ id: `${name} ${index}`, time: `2026-03-01T09:${minute}:00Z`, ...line });
  }
  return path;
}

/** Is a region of the four pixels of `corner`, labeled car, for which tree is suggested. */
export const square = regionOf(corner);

export const unlabel = (more: object = {}) =>
  ({ by: 'anna', action: 'unlabel', ...place, region: square, ...more }) as NewJournalLine;
export const keep = (more: object = {}) =>
  ({ by: 'anna', action: 'keep', ...place, region: square, ...more }) as NewJournalLine;
export const assign = (more: object = {}) =>
  ({ by: 'anna', action: 'assign', ...place, region: square, class: 'road', ...more }) as NewJournalLine;
export const point = (x: number, y: number, more: object = {}) =>
  ({ by: 'anna', action: 'point', ...place, x, y, class: 'tree', ...more }) as NewJournalLine;

/** Applies journals to a fresh dataset, and returns the summary with the rows of the label file of image a. */
export async function apply(
  journals: readonly (readonly NewJournalLine[])[],
  options: { readonly prefer?: string; readonly root?: string } = {},
) {
  const { root = reviewedDataset(), ...others } = options;
  const output = join(reviewFolder(), 'out');
  const paths = journals.map((lines, index) =>
    journalOf(lines, { from: 20 * index, name: `${index}.jsonl` }),
  );
  const summary = await applyJournals(paths, { data: root, output, ...others });
  return { summary, root, output, rows: await rowsOf(join(output, 'coarse/train/a.png')) };
}

/** Is `drawn` with the corner accepted. */
export const treeCorner = ['ttccrr', 'ttccrr', 'tttt..', 'tttt..'];
