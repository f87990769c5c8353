/** A network that mmsegmentation trained and published, ready to be evaluated: the checkpoint itself says what it is. */
import type { DatasetClass } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import {
  loadPublishedSegmentor,
  type ModelSection,
  type PublishedOptions,
  type Segmentor,
} from '../models/index.js';
import type { Device } from '../torch/index.js';

export interface LoadedPublishedModel extends Disposable {
  /** In evaluation mode, on the device that was asked for. */
  readonly model: Segmentor;
  /** What a config would say of it. */
  readonly section: ModelSection;
  readonly classCount: number;
  /** Names and colors, where the checkpoint has them. */
  readonly classes: readonly DatasetClass[] | null;
}

export interface LoadPublishedOptions extends PublishedOptions {
  readonly device?: Device;
}

/**
 * DeepLabv3+ or OCR on a ResNet or ResNeSt from a `.pth` file as mmsegmentation publishes them. Null when the file holds
 * something else, such as weights of this package or of a backbone alone. Frees the network at the end of the block that
 * holds it with `using`.
 *
 * @throws CheckpointError naming the file when it is missing or damaged, of a network that is not known here, or when its
 *   tensors are not exactly that network's
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

/**
 * Checks that logits of this checkpoint mean the classes of a data set.
 *
 * @returns the first class that is called otherwise there, as a sentence; null when all agree or it names none
 * @throws ConfigError when one has more classes than the other
 */
export function compareClasses(
  { classCount, classes }: Pick<LoadedPublishedModel, 'classCount' | 'classes'>,
  { path, expected }: { readonly path: string; readonly expected: readonly DatasetClass[] },
): string | null {
  if (classCount !== expected.length) {
    throw new ConfigError(
      `${path}: predicts ${classCount} classes, but the dataset has ${expected.length}; ` +
        `choose the dataset that it was trained on${beginning(classes)}`,
    );
  }
  const index = expected.findIndex(({ name }, at) => classes !== null && !sameName(name, classes[at]?.name));
  if (index < 0) return null;
  return `class ${index} is '${classes?.[index]?.name}' in ${path} and '${expected[index]?.name}' in the dataset`;
}

function beginning(classes: readonly DatasetClass[] | null): string {
  if (classes === null) return '';
  const names = classes.slice(0, 4).map(({ name }) => name);
  return ` (its classes: ${names.join(', ')}${classes.length > 4 ? ', …' : ''})`;
}

function sameName(one: string, other: string | undefined): boolean {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[\s_-]/g, '');
  return other !== undefined && plain(one) === plain(other);
}
