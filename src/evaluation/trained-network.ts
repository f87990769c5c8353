/**
 * Reads the weights of a whole network from wherever it was trained: a run of this package, one of its checkpoints, a file of
 * plain weights, or a checkpoint that mmsegmentation published. All come back under this package's names.
 */

import { statSync } from 'node:fs';
import { isSection, normalizationOf, type Section, storedConfig } from '../config/internal.js';
import type { DatasetClass, Normalization } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import { loadPublishedSegmentor, type Segmentor } from '../models/index.js';
import { checkFoundTensors, expectedNames, prefixNotice, readWeights } from '../models/internal.js';
import { readRun } from '../runs/index.js';
import { classesOfState, classesOfWeights, noCheckpointError, runOfCheckpoint } from '../runs/internal.js';
import type { Tensor } from '../torch/index.js';

/** Holds the weights of a trained network, and what is known of it. */
export interface TrainedNetwork extends Disposable {
  /** Names the network in messages: a run's folder with its step, or a file. */
  readonly label: string;
  /** Holds parameters and buffers by this package's names. They live as long as the network or the caller's scope. */
  readonly state: ReadonlyMap<string, Tensor>;
  /** Lists the classes in the order of the logits; null where they are not named. */
  readonly classes: readonly Pick<DatasetClass, 'name'>[] | null;
  /** Holds the `model` section of a config that describes the network; null where nothing says how it was built. */
  readonly section: Section | null;
  /** Gives the normalization of its images; null where it is not known. */
  readonly normalization: Normalization | null;
}

/** Configures `readTrainedNetwork`. */
export interface ReadTrainedOptions {
  /** Is the network whose tensors are looked for in a file of plain weights. */
  readonly like: Segmentor;
  /** Receives a line about each thing that was assumed. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Reads a run's folder or a file. It must be called inside a scope, which owns the tensors that it reads.
 * @throws {CheckpointError} when the folder is no run or has no checkpoint, or the file is damaged or holds another thing
 */
export function readTrainedNetwork(path: string, { like, onNotice }: ReadTrainedOptions): TrainedNetwork {
  if (isFolder(path)) return networkOfRun(path, { like });
  const run = runOfCheckpoint(path);
  if (run !== null) return networkOfRun(run, { like, file: path });
  const published = loadPublishedSegmentor(path, onNotice === undefined ? {} : { onNotice });
  if (published === null) return networkOfFile(path, { like, onNotice });
  const { segmentor, section, classes, normalization } = published;
  return {
    label: path,
    state: segmentor.stateDict(),
    classes,
    section: { ...section },
    normalization,
    [Symbol.dispose]: () => segmentor.dispose(),
  };
}

function networkOfRun(
  folder: string,
  { like, file }: { readonly like: Segmentor; readonly file?: string },
): TrainedNetwork {
  const run = readRun(folder);
  const { lastCheckpoint } = run;
  if (lastCheckpoint === null) {
    throw noCheckpointError(folder);
  }
  const { model, data } = storedConfig(run);
  const given = isSection(data) ? (data.normalization as Normalization | null | undefined) : null;
  const label = file ?? `${folder} (step ${lastCheckpoint.step})`;
  return {
    label,
    state: stateOf(file ?? lastCheckpoint.file, { like }),
    classes: classesOfState(lastCheckpoint.state),
    section: isSection(model) ? model : null,
    normalization: normalizationOf({ normalization: given ?? null }),
    [Symbol.dispose]: () => undefined,
  };
}

function networkOfFile(path: string, options: ReadTrainedOptions): TrainedNetwork {
  return {
    label: path,
    state: stateOf(path, options),
    classes: classesOfWeights(path),
    section: null,
    normalization: null,
    [Symbol.dispose]: () => undefined,
  };
}

/** Reads the tensors of a file that have the network's own names, under whatever prefix, and checks their values. */
function stateOf(path: string, { like, onNotice }: ReadTrainedOptions): ReadonlyMap<string, Tensor> {
  const shapes = new Map([...like.stateDict()].map(([name, { shape }]) => [name, shape]));
  const file = readWeights(path, { scoreOf: expectedNames(shapes) });
  const isHead = [...file.tensors.keys()].some((name) => name.startsWith('head.'));
  if (!file.fits || !isHead) {
    const names = [...file.shapes.keys()].slice(0, 3).join(', ');
    throw new ConfigError(
      `${path}: holds no whole network of this package or of mmsegmentation (its names are ${names}, …); ` +
        'give weights of a backbone alone as model.backbone.weights',
    );
  }
  const found = new Map([...file.tensors].filter(([name]) => shapes.has(name)));
  checkFoundTensors({ found, foundNames: [...found.keys()] }, { path, prefix: file.prefix });
  const notice = file.prefix === 'model.' ? null : prefixNotice(path, file);
  if (notice !== null) onNotice?.(notice);
  return file.tensors;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
