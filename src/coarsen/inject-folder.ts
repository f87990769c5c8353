/** Puts errors into a whole folder of labels, and records each of them. */

import { join } from 'node:path';
import { ignoreIndex } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import { writeDurably } from '../files/index.js';
import { fileSeed } from './file-seed.js';
import {
  checkErrorParameters,
  type ErrorParameters,
  errorDefaults,
  type InjectedError,
  injectErrors,
  type LabelErrorKind,
} from './inject-errors.js';
import { type LabelFolderOptions, rewriteLabelFolder } from './label-folder.js';

/** Configures `injectErrorsIntoFolder`. */
export interface InjectFolderOptions extends Partial<ErrorParameters>, LabelFolderOptions {
  readonly kind: LabelErrorKind;
  /**
   * Takes a non-negative integer. The errors of a file depend only on it and on the path of the file within the folder.
   */
  readonly seed?: number;
  /** Is written into the record too, such as where the labels are from. */
  readonly note?: Readonly<Record<string, unknown>>;
}

/** Counts what was done to a folder of labels. */
export interface InjectFolderResult {
  readonly files: number;
  readonly errors: number;
  /** Counts the labeled pixels. */
  readonly labeledPixels: number;
  /** Counts those of them whose label is another one now. */
  readonly wrongPixels: number;
  /** Counts pixels that had no label and have one now, because an object was moved over them. */
  readonly outsidePixels: number;
}

/** Names the record beside the labels. */
const errorRecord = 'errors.json';

/**
 * Copies every label PNG in `fineFolder` and its subfolders into the same place in `outFolder`, with errors in a share of its
 * objects. `errors.json` in `outFolder` lists each error with its file, place and classes.
 *
 * @throws {ConfigError} for an unknown kind, and a parameter that is out of range
 * @throws {DataError} for a folder without PNGs, palettes that disagree, a file that cannot be read, a label of no class, files without any
 * label, and an `outFolder` that already has one of the files
 * @throws {FileError} when `outFolder` cannot be written
 */
export async function injectErrorsIntoFolder(
  fineFolder: string,
  outFolder: string,
  {
    kind,
    seed = 0,
    classList = null,
    labelEncoding = 'auto',
    onProgress,
    note = {},
    ...given
  }: InjectFolderOptions,
): Promise<InjectFolderResult> {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new ConfigError(`errors: expected a non-negative integer as seed, received ${seed}`);
  checkErrorParameters({ kind, ...given });
  const { share, minimumArea, maximumArea, distance } = { ...errorDefaults, ...given };
  const parameters = { share, minimumArea, maximumArea, distance };
  const counts = { errors: 0, labeledPixels: 0, wrongPixels: 0, outsidePixels: 0 };
  const images: { readonly file: string; readonly errors: readonly ReturnType<typeof named>[] }[] = [];
  const nameOf = (label: number) => classList?.classes[label]?.name ?? `class ${label}`;
  const named = ({ from, to, ...error }: InjectedError) => ({
    ...error,
    from: nameOf(from),
    to: to === null ? null : nameOf(to),
  });
  const files = await rewriteLabelFolder(fineFolder, outFolder, {
    ...{ classList, labelEncoding, ...(onProgress && { onProgress }) },
    change: ({ labels, width, height }, file) => {
      const changed = injectErrors(labels, {
        ...{ ...parameters, kind, width, height, ignoreIndex },
        classCount: classList?.classes.length ?? null,
        seed: fileSeed(seed, file),
      });
      counts.errors += changed.errors.length;
      for (const [pixel, label] of labels.entries()) {
        const isChanged = changed.labels[pixel] !== label;
        if (label !== ignoreIndex) counts.labeledPixels++;
        if (isChanged && label !== ignoreIndex) counts.wrongPixels++;
        if (isChanged && label === ignoreIndex) counts.outsidePixels++;
      }
      images.push({ file, errors: changed.errors.map(named) });
      return changed.labels;
    },
    finish: (staging) => {
      const record = { ...note, kind, seed, ...parameters, ...counts, images };
      return writeDurably(join(staging, errorRecord), `${JSON.stringify(record, null, 1)}\n`);
    },
  });
  return { files, ...counts };
}
