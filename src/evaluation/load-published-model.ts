/** Loads a network that mmsegmentation trained and published; the checkpoint itself describes the network. */

import type { DatasetClass, Normalization } from '../data/index.js';
import {
  loadPublishedSegmentor,
  type ModelSection,
  type PublishedInference,
  type PublishedOptions,
  type Segmentor,
} from '../models/index.js';
import type { Device } from '../torch/index.js';

/** Holds a published network and its description. */
export interface LoadedPublishedModel extends Disposable {
  /** Is in evaluation mode, on the requested device. */
  readonly model: Segmentor;
  /** Gives the `model` section of a config that builds this network. */
  readonly section: ModelSection;
  readonly classCount: number;
  /** Holds names and colors of the classes; null when the checkpoint has none. */
  readonly classes: readonly DatasetClass[] | null;
  /** Gives mean and deviation of red, green and blue that the network expects; `model` says so too. */
  readonly normalization: Normalization;
  /** Says how mmsegmentation tests the network, as the `inference` section of a config does; null when unknown. */
  readonly inference: PublishedInference | null;
  /** Is true when value 0 of a label file was ignored in training, and value 1 was the first class. */
  readonly reduceZeroLabel: boolean;
}

/** Configures `loadPublishedModel`. */
export interface LoadPublishedOptions extends PublishedOptions {
  readonly device?: Device;
}

/**
 * Loads DeepLabv3+ or OCR on a ResNet or ResNeSt from a `.pth` file that mmsegmentation published. Returns null when the
 * file holds something else, such as weights of this package or of a backbone alone. `using` frees the network at the end
 * of a block.
 * @throws {CheckpointError} naming the file when it is missing or damaged, of a network that is not supported, or when its
 *   tensors are not exactly those of that network
 */
export function loadPublishedModel(
  path: string,
  { device = 'cpu', ...options }: LoadPublishedOptions = {},
): LoadedPublishedModel | null {
  const published = loadPublishedSegmentor(path, options);
  if (published === null) return null;
  const { segmentor, ...rest } = published;
  const model = segmentor.to({ device, memoryFormat: 'channels-last' }).eval();
  return { model, ...rest, [Symbol.dispose]: () => model.dispose() };
}
