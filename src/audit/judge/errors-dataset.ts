/**
 * Makes a dataset with known errors from one with exact labels, to judge an audit by them: everything that the dataset has, by
 * links, and beside it a folder of labels with errors.
 */

import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readlink, symlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { injectErrorsIntoFolder, type LabelErrorKind } from '../../coarsen/index.js';
import { labelErrorKinds } from '../../coarsen/internal.js';
import { type Config, datasetSection } from '../../config/index.js';
import { readClassList } from '../../data/index.js';
import { ConfigError } from '../../errors/index.js';
import { parseJson } from '../../files/index.js';
import type { ComponentSection } from '../../registry/index.js';

/** Configures `makeErrorsDataset`. */
export interface ErrorsDatasetOptions {
  readonly kind: LabelErrorKind;
  /** Is the share of the objects that get an error; 0.1 by default. */
  readonly share?: number;
  /** Seeds the errors; 0 by default. */
  readonly seed?: number;
  /** Names the folder of the dataset with errors; by default `NAME-errors` in the config's output. */
  readonly folder?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Describes a dataset with errors. */
export interface ErrorsDataset {
  readonly root: string;
  /** Names the labels with errors. */
  readonly labels: string;
  /** Names the exact labels that they were made from. */
  readonly truth: string;
  readonly errors: number;
  /** Counts the labeled pixels, and those of them whose label is another one now. */
  readonly labeledPixels: number;
  readonly wrongPixels: number;
}

const recordSchema = z.object({
  source: z.string(),
  kind: z.enum(labelErrorKinds),
  share: z.number(),
  seed: z.int().nonnegative(),
  errors: z.int().nonnegative(),
  labeledPixels: z.int().nonnegative(),
  wrongPixels: z.int().nonnegative(),
});

/**
 * Puts errors into a copy of the labels that a config trains on. The same errors are made once; other kinds, shares and seeds
 * become further labels of the same folder.
 *
 * @throws {ConfigError} when the dataset is not one of plain folders with indices, and when the folder holds something else
 * @throws {DataError} naming the file when a label cannot be read
 * @throws {FileError} when the folder cannot be written
 */
export async function makeErrorsDataset(
  config: Config,
  { kind, share = 0.1, seed = 0, folder, onProgress }: ErrorsDatasetOptions,
): Promise<ErrorsDataset> {
  const section = sectionOf(config);
  const source = resolve(String(section.root));
  const truth = String(section.labels);
  const root = resolve(folder ?? join(config.output, `${basename(source)}-errors`));
  const labels = `${truth}-${kind}-${share}-${seed}`;
  await linkDataset(source, { root });
  const out = join(root, labels);
  const note = { source: stampOf(join(source, truth)) };
  if (!existsSync(out)) {
    const classList = await readClassList(join(source, 'classes.json'));
    await injectErrorsIntoFolder(join(source, truth), out, {
      ...{ kind, share, seed, classList, note },
      labelEncoding: section.labelEncoding === 'index' ? 'index' : 'auto',
      ...(onProgress && { onProgress }),
    });
  }
  const before = readRecord(out);
  if (before?.source !== note.source) {
    throw new ConfigError(
      before === null
        ? `${out}: holds something else than labels with errors; name another folder for the dataset with errors`
        : `${out}: has errors of labels that have changed since; remove it to make it again`,
    );
  }
  const { errors, labeledPixels, wrongPixels } = before;
  return { root, labels, truth, errors, labeledPixels, wrongPixels };
}

/** Returns the config of an audit of the labels with errors. */
export function withErrorsDataset(config: Config, { root, labels }: ErrorsDataset): Config {
  return { ...config, data: { ...config.data, root, train: { ...config.data.train, labels } } };
}

function sectionOf({ data }: Config): ComponentSection {
  const section = datasetSection(data, 'train');
  if (section.kind !== 'folder') {
    throw new ConfigError(
      `errors: are put into the labels of a dataset of plain folders; expected data.kind folder, received ${section.kind}`,
    );
  }
  const { reduceZeroLabel, labelEncoding, unlabeled } = section;
  const other = Object.entries({
    reduceZeroLabel: reduceZeroLabel === true,
    labelEncoding: labelEncoding === 'color',
    unlabeled: unlabeled !== undefined,
  }).find(([, isSet]) => isSet);
  if (other === undefined) return section;
  throw new ConfigError(
    `errors: are written as the indices of classes, 255 for none; expected labels that are read so, received data.${other[0]}: ` +
      `${String(section[other[0]])}`,
  );
}

/** Describes the errors in a folder of labels. */
export type InjectedRecord = Pick<z.output<typeof recordSchema>, 'kind' | 'share' | 'seed'>;

/** Says which errors `makeErrorsDataset` put into the labels of a dataset; null for other labels. */
export function errorsIn({
  root,
  labels,
}: {
  readonly root: string;
  readonly labels: string;
}): InjectedRecord | null {
  const record = readRecord(join(root, labels));
  if (record === null) return null;
  const { kind, share, seed } = record;
  return { kind, share, seed };
}

/** Reads the record of errors in a folder of labels; null where there is none of this file's. */
function readRecord(folder: string): z.output<typeof recordSchema> | null {
  const file = join(folder, 'errors.json');
  if (!existsSync(file)) return null;
  return recordSchema.safeParse(parseJson(readFileSync(file))).data ?? null;
}

/** Links everything of a dataset into a folder. */
async function linkDataset(source: string, { root }: { readonly root: string }): Promise<void> {
  if (root === source)
    throw new ConfigError(`${root}: is the dataset itself; name another folder for the errors`);
  await mkdir(root, { recursive: true });
  for (const entry of readdirSync(source)) {
    const [from, to] = [join(source, entry), join(root, entry)];
    if (lstatSync(to, { throwIfNoEntry: false }) === undefined) await symlink(from, to);
    else if ((await readlink(to).catch(() => null)) !== from) {
      throw new ConfigError(`${to}: is in the way of the dataset with errors; name another folder for it`);
    }
  }
}

/** Returns a text that changes when a label file does. */
function stampOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.png$/i.test(file))
    .toSorted();
  const hash = createHash('sha256');
  for (const file of files) {
    const { size, mtimeMs } = statSync(join(folder, file));
    hash.update(JSON.stringify([file, size, mtimeMs]));
  }
  return hash.digest('hex').slice(0, 16);
}
