/**
 * Loads a whole network from a checkpoint that mmsegmentation published: DeepLabv3+ or OCR on a ResNet, ResNeSt or
 * MobileNetV2. It is recognized by names and shapes, every tensor has to have its place, and `meta` names the classes.
 */

import { CheckpointError } from '../../errors/index.js';
import { Generator, ops, type Tensor, tidy } from '../../torch/index.js';
import { createSegmentor, type ModelSection } from '../create-segmentor.js';
import type { ImageNormalization, Segmentor } from '../segmentor.js';
import type { PublishedInference, PublishedNormalization } from './config/test-pipeline.js';
import { checkFoundTensors, listDifference, matchTensors, wrongShapeError } from './match-tensors.js';
import { type CheckpointMeta, type PublishedClass, publishedClasses } from './published-meta.js';
import { type PublishedOptions, publishedReading } from './published-reading.js';
import { prefixNotice, readWeights } from './read-weights.js';
import { isPublishedNetwork, recognizeNetwork } from './recognize-network.js';

/** Holds a network from a published checkpoint. */
export interface PublishedSegmentor {
  /** Is the network on the CPU, in float32 and in training mode. The caller disposes it. */
  readonly segmentor: Segmentor;
  /** Holds the `model` section of a config that describes the network. */
  readonly section: ModelSection;
  readonly classCount: number;
  /** Names and colors of the classes; null when the checkpoint has none. */
  readonly classes: readonly PublishedClass[] | null;
  /** Mean and deviation of red, green and blue that the network expects. */
  readonly normalization: ImageNormalization;
  /** Reading of images with which mmsegmentation tests the network; null when the checkpoint does not say. */
  readonly inference: PublishedInference | null;
  /** True when value 0 of a label file was ignored in training, and value 1 was the first class. */
  readonly reduceZeroLabel: boolean;
}

/** Holds the contents of a checkpoint file. */
export interface PublishedContents {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly meta?: CheckpointMeta;
  /** Holds the prefix that was removed from the names of the tensors, for messages. */
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
  options: PublishedOptions & { readonly path: string },
): PublishedSegmentor {
  const { path, onNotice } = options;
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const { classCount, backbone, head, auxiliary } = recognizeNetwork(shapes, path);
  const reading = publishedReading(meta, { ...options, backboneKind: backbone.kind });
  if (reading.assumption !== null) onNotice?.(`${path}: ${reading.assumption}`);
  const section: ModelSection = {
    backbone: { ...backbone, ...reading.backbone },
    head: { ...head, ...reading.head },
    auxiliary,
    ...(reading.alignCorners && { alignCorners: true }),
  };
  const classes = publishedClasses(meta, { path, classCount });
  const normalization = inRgb(reading.normalization);
  using generator = new Generator(0);
  const segmentor = createSegmentor(section, { classCount, generator, normalization });
  try {
    copyTensors(segmentor, tensors, { path, prefix, channelOrder: reading.normalization.channelOrder });
  } catch (error) {
    segmentor.dispose();
    throw error;
  }
  const { inference, reduceZeroLabel } = reading;
  return { segmentor, section, classCount, classes, normalization, inference, reduceZeroLabel };
}

/** Returns the normalization for red, green and blue in this order. */
function inRgb({ mean, std, channelOrder }: PublishedNormalization): ImageNormalization {
  return channelOrder === 'rgb' ? { mean, std } : { mean: mean.toReversed(), std: std.toReversed() };
}

function copyTensors(
  segmentor: Segmentor,
  tensors: ReadonlyMap<string, Tensor>,
  file: { readonly path: string; readonly prefix: string; readonly channelOrder: 'rgb' | 'bgr' },
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
  if (file.channelOrder === 'bgr') turnAround(match.found);
  segmentor.loadStateDict(match.found);
}

/** Gives the first convolution the colors in the order red, green, blue, in which images are read here. */
function turnAround(found: Map<string, Tensor>): void {
  const first = found.get('backbone.stem.0.conv.weight');
  if (first !== undefined) found.set('backbone.stem.0.conv.weight', ops.flip(first, [1]));
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
