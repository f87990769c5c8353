/** Makes coarse labels for a whole folder of fine ones, and measures how coarse they are. */

import { ignoreIndex } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import { type CoarsenParameters, coarsenDefaults, coarsenLabels } from './coarsen-labels.js';
import { fileSeed } from './file-seed.js';
import { AgreementCounter, type LabelAgreement } from './label-agreement.js';
import { type LabelFolderOptions, rewriteLabelFolder } from './label-folder.js';

/** Configures `coarsenFolder`. */
export interface CoarsenFolderOptions extends Partial<CoarsenParameters>, LabelFolderOptions {
  /**
   * Takes a non-negative integer. The polygons of a file depend only on it and on the path of the file within the
   * folder.
   */
  readonly seed?: number;
}

/** Holds the agreement of coarse and fine labels over all files. */
export interface CoarsenFolderResult extends LabelAgreement {
  readonly files: number;
}

/**
 * Coarsens every PNG in `fineFolder` and its subfolders into the same place in `outFolder`, as 8-bit gray PNGs of
 * class indices, 255 for unlabeled. The files appear together when all are made, and existing files are never
 * overwritten.
 *
 * @throws {DataError} for a folder without PNGs, palettes that disagree, a file that cannot be read, a label of no class, files without any
 * label, and an `outFolder` that already has one of the files
 * @throws {ConfigError} for an unknown parameter or one out of range
 * @throws {FileError} when `outFolder` cannot be written
 */
export async function coarsenFolder(
  fineFolder: string,
  outFolder: string,
  {
    seed = 0,
    classList = null,
    labelEncoding = 'auto',
    onProgress = () => {},
    ...parameters
  }: CoarsenFolderOptions = {},
): Promise<CoarsenFolderResult> {
  checkCoarsenParameters({ seed, ...parameters });
  const counter = new AgreementCounter({ ignoreIndex });
  const files = await rewriteLabelFolder(fineFolder, outFolder, {
    ...{ classList, labelEncoding, onProgress },
    change: ({ labels, width, height }, file) => {
      const coarse = coarsenLabels(labels, {
        ...parameters,
        width,
        height,
        classCount: classList?.classes.length ?? ignoreIndex,
        ignoreIndex,
        seed: fileSeed(seed, file),
      });
      counter.add(labels, coarse);
      return coarse;
    },
  });
  return { files, ...counter.result() };
}

function checkCoarsenParameters({
  seed,
  ...parameters
}: Partial<CoarsenParameters> & { seed: number }): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ConfigError(`coarsen: expected a non-negative integer as seed, received ${seed}`);
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (!Object.hasOwn(coarsenDefaults, name)) {
      throw new ConfigError(
        `coarsen: no parameter '${name}'${suggestion(name, Object.keys(coarsenDefaults))}`,
      );
    }
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      throw new ConfigError(`coarsen: expected a non-negative number as ${name}, received ${value}`);
    }
  }
}
