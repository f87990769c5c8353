/**
 * Loads a whole network from a checkpoint that mmsegmentation published: DeepLabv3+ or OCR on a ResNet or ResNeSt. It
 * is recognized by names and shapes, every tensor has to have its place, and `meta` names the classes.
 */

import { CheckpointError } from '../../errors/index.js';
import { Generator, readStateDict, type Tensor, tidy } from '../../torch/index.js';
import { createSegmentor, type ModelSection } from '../create-segmentor.js';
import type { OutputStride } from '../resnet/stage-plan.js';
import type { Segmentor } from '../segmentor.js';
import { listed, matchTensors } from './match-tensors.js';
import {
  type CheckpointMeta,
  type PublishedClass,
  publishedClasses,
  publishedStride,
} from './published-meta.js';
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
}

/** Holds the contents of a checkpoint file. */
export interface PublishedContents {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly meta?: CheckpointMeta;
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
    const contents = readStateDict(path);
    return isPublishedNetwork(contents.tensors.keys())
      ? createPublishedSegmentor(contents, { path, ...options })
      : null;
  });
}

/** Creates the network from tensors that were read before; `path` is for messages. */
export function createPublishedSegmentor(
  { tensors, meta = new Map() }: PublishedContents,
  { path, outputStride = publishedStride(meta, path) }: PublishedOptions & { readonly path: string },
): PublishedSegmentor {
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const { classCount, backbone, ...rest } = recognizeNetwork(shapes, path);
  const section = { ...rest, backbone: { ...backbone, outputStride } };
  const classes = publishedClasses(meta, { path, classCount });
  using generator = new Generator(0);
  const segmentor = createSegmentor(section, { classCount, generator });
  try {
    copyTensors(segmentor, tensors, path);
  } catch (error) {
    segmentor.dispose();
    throw error;
  }
  return { segmentor, section, classCount, classes };
}

function copyTensors(segmentor: Segmentor, tensors: ReadonlyMap<string, Tensor>, path: string): void {
  const publishedNames = (name: string) => publishedSegmentorNames(segmentor, name);
  const { found, missing, others } = matchTensors(segmentor.stateDict(), tensors, { path, publishedNames });
  const unexpected = others.filter((name) => !name.endsWith('.num_batches_tracked'));
  if (missing.length + unexpected.length > 0) {
    throw new CheckpointError(
      `${path}: does not fit the network that its names are of: missing ${listed(missing)}; ` +
        `unexpected ${listed(unexpected)}`,
    );
  }
  segmentor.loadStateDict(found);
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
