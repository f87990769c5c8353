/**
 * A whole network from a checkpoint that mmsegmentation published: DeepLabv3+ or OCR on a ResNet or ResNeSt. Names and
 * shapes say what it is, every tensor has to find its place, and `meta` says what the classes are called.
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

export interface PublishedSegmentor {
  /** On the CPU, in float32 and in training mode; the caller's to dispose. */
  readonly segmentor: Segmentor;
  /** What a config would say of it. */
  readonly section: ModelSection;
  readonly classCount: number;
  /** Names and colors, where the checkpoint has them. */
  readonly classes: readonly PublishedClass[] | null;
}

export interface PublishedOptions {
  /** Default: what the checkpoint's own config says, or 8 where it says nothing. */
  readonly outputStride?: OutputStride;
}

export interface PublishedContents {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly meta?: CheckpointMeta;
}

/**
 * Reads a `.pth` (or `.safetensors`) file. Null when its names are not those of a whole network of mmsegmentation.
 *
 * @throws CheckpointError for a damaged file, an unknown network, missing or unexpected tensors and wrong shapes
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

/** The same from tensors that were read before; `path` is for messages. */
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

/** The names that a tensor of this network may have in mmsegmentation's checkpoints. */
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
