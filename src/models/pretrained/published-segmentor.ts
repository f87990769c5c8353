/**
 * Loads a whole network from a checkpoint that mmsegmentation published: DeepLabv3+ or OCR on a ResNet or ResNeSt. It
 * is recognized by names and shapes, every tensor has to have its place, and `meta` names the classes.
 */

import { CheckpointError } from '../../errors/index.js';
import { Generator, type Tensor, tidy } from '../../torch/index.js';
import { createSegmentor, type ModelSection } from '../create-segmentor.js';
import type { OutputStride } from '../resnet/stage-plan.js';
import type { Segmentor } from '../segmentor.js';
import { checkFoundTensors, listDifference, matchTensors, wrongShapeError } from './match-tensors.js';
import {
  type CheckpointMeta,
  type PublishedClass,
  publishedClasses,
  publishedStride,
} from './published-meta.js';
import { prefixNotice, readWeights } from './read-weights.js';
import { isPublishedNetwork, recognizeNetwork } from './recognize-network.js';

/** Holds a network from a published checkpoint. */
export interface PublishedSegmentor {
  /** The network on the CPU, in float32 and in training mode. The caller disposes it. */
  readonly segmentor: Segmentor;
  /** The `model` section of a config that describes the network. */
  readonly section: ModelSection;
  readonly classCount: number;
  /** Names and colors of the classes; null when the checkpoint has none. */
  readonly classes: readonly PublishedClass[] | null;
}

/** Configures `loadPublishedSegmentor`. */
export interface PublishedOptions {
  /** Output stride of the backbone; by default that of the checkpoint's own config, or 8 when it has none. */
  readonly outputStride?: OutputStride;
  /** Receives a line about each thing that was assumed, or removed from the names. */
  readonly onNotice?: (notice: string) => void;
}

/** Holds the contents of a checkpoint file. */
export interface PublishedContents {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly meta?: CheckpointMeta;
  /** What was removed before the names of the tensors, for messages. */
  readonly prefix?: string;
}

/**
 * Reads a network from a `.pth` (or `.safetensors`) file. Returns null when its names are not those of a whole
 * network of mmsegmentation.
 *
 * @throws {CheckpointError} when the file is damaged, the network unknown, a tensor missing or unexpected, or a shape
 *   wrong
 */
export function loadPublishedSegmentor(
  path: string,
  options: PublishedOptions = {},
): PublishedSegmentor | null {
  return tidy(() => {
    const file = readWeights(path, { scoreOf: (name) => (publishedPart.test(name) ? 1 : 0) });
    if (!isPublishedNetwork(file.tensors.keys())) return null;
    const notice = prefixNotice(path, file);
    if (notice !== null && file.prefix !== 'state_dict.') options.onNotice?.(notice);
    return createPublishedSegmentor(file, { path, ...options });
  });
}

const publishedPart = /^(backbone|decode_head|auxiliary_head)\./;

/** Creates the network from tensors that were read before; `path` is for messages. */
export function createPublishedSegmentor(
  { tensors, meta = new Map(), prefix = '' }: PublishedContents,
  { path, outputStride = publishedStride(meta, path) }: PublishedOptions & { readonly path: string },
): PublishedSegmentor {
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const { classCount, backbone, ...rest } = recognizeNetwork(shapes, path);
  const section = { ...rest, backbone: { ...backbone, outputStride } };
  const classes = publishedClasses(meta, { path, classCount });
  using generator = new Generator(0);
  const segmentor = createSegmentor(section, { classCount, generator });
  try {
    copyTensors(segmentor, tensors, { path, prefix });
  } catch (error) {
    segmentor.dispose();
    throw error;
  }
  return { segmentor, section, classCount, classes };
}

function copyTensors(
  segmentor: Segmentor,
  tensors: ReadonlyMap<string, Tensor>,
  file: { readonly path: string; readonly prefix: string },
): void {
  const publishedNames = (name: string) => publishedSegmentorNames(segmentor, name);
  const match = matchTensors(segmentor.stateDict(), tensors, { publishedNames });
  const unexpected = match.others.filter((name) => !isUnused(name, tensors));
  if (match.wrongShapes.length > 0) throw wrongShapeError(match.wrongShapes, file);
  if (match.missing.length + unexpected.length > 0) {
    throw new CheckpointError(
      `${file.path}: does not fit the network that its names are of: ${listDifference(match.missing, unexpected)}`,
    );
  }
  checkFoundTensors(match, file);
  segmentor.loadStateDict(match.found);
}

/** Tells whether a tensor takes no part: a count of batches, or one of the copies that mmcv's `EMAHook` keeps. */
function isUnused(name: string, tensors: ReadonlyMap<string, Tensor>): boolean {
  if (name.endsWith('.num_batches_tracked')) return true;
  if (!name.startsWith('ema_')) return false;
  return [...tensors.keys()].some((other) => other.replaceAll('.', '_') === name.slice('ema_'.length));
}

/** Returns the names that a tensor of the network may have in mmsegmentation's checkpoints. */
function publishedSegmentorNames({ backbone, head, auxiliary }: Segmentor, name: string): readonly string[] {
  const places = [
    { own: 'backbone.', published: 'backbone.', part: backbone },
    { own: 'head.', published: 'decode_head.', part: head },
    { own: 'auxiliary.', published: 'auxiliary_head.', part: auxiliary },
  ];
  for (const { own, published, part } of places) {
    if (!name.startsWith(own)) continue;
    const inPart = name.slice(own.length);
    return [part?.publishedName?.(inPart) ?? inPart].flat().map((one) => `${published}${one}`);
  }
  return [name];
}
