/**
 * Recognizes the network of an mmsegmentation checkpoint by the names and shapes of its tensors: a ResNet or ResNeSt
 * by its blocks, a MobileNet by its names and its width by its channels, DeepLabv3+ or OCR by a tensor that only that head has. Strides and dilations leave no trace in them.
 */

import { CheckpointError } from '../../errors/index.js';
import type { ComponentSection } from '../../registry/index.js';
import { resnestArchitectures, resnetArchitectures } from '../resnet/architectures.js';
import { mobileNetOf } from './recognize-mobilenet.js';
import type { PublishedShapes, RecognizedBackbone } from './recognized-backbone.js';

/** Describes a network as the `model` section of a config does. */
export interface RecognizedNetwork {
  readonly backbone: ComponentSection;
  readonly head: ComponentSection;
  readonly auxiliary: { readonly channels: number } | null;
  readonly classCount: number;
}

interface KnownBackbone {
  readonly kind: string;
  readonly blocks: readonly number[];
  readonly block: string;
}

interface KnownHead {
  readonly kind: string;
  /** Name of a tensor that no other head has. */
  readonly mark: string;
  readonly classifier: string;
  /** Convolutions whose numbers of filters are options of the head, by the option's name. */
  readonly channels: Readonly<Record<string, string>>;
}

// Tensors that tell the kind of a block, checked in this order.
const blockKinds = [
  { block: 'split attention', mark: 'conv2.fc2.weight' },
  { block: 'bottleneck', mark: 'conv3.weight' },
  { block: 'basic', mark: 'conv2.weight' },
] as const;

const knownBackbones: readonly KnownBackbone[] = [
  ...Object.entries(resnetArchitectures).map(([depth, { block, blocks }]) => ({
    kind: `resnet${depth}`,
    blocks,
    block,
  })),
  ...Object.entries(resnestArchitectures).map(([depth, { blocks }]) => ({
    kind: `resnest${depth}`,
    blocks,
    block: 'split attention',
  })),
];

const knownHeads: readonly KnownHead[] = [
  {
    kind: 'deeplabv3plus',
    mark: 'decode_head.sep_bottleneck.0.depthwise_conv.conv.weight',
    classifier: 'decode_head.conv_seg.weight',
    channels: {
      channels: 'decode_head.bottleneck.conv.weight',
      lowLevelChannels: 'decode_head.c1_bottleneck.conv.weight',
    },
  },
  {
    kind: 'ocr',
    mark: 'decode_head.1.object_context_block.out_project.conv.weight',
    classifier: 'decode_head.1.conv_seg.weight',
    channels: {
      channels: 'decode_head.1.bottleneck.conv.weight',
      keyChannels: 'decode_head.1.object_context_block.value_project.conv.weight',
      regionChannels: 'decode_head.0.convs.0.conv.weight',
    },
  },
];

/** Returns true when the names are those of a whole network of mmsegmentation, of whatever kind. */
export function isPublishedNetwork(names: Iterable<string>): boolean {
  return [...names].some((name) => name.startsWith('decode_head.'));
}

/**
 * Returns backbone, head, auxiliary head and number of classes.
 *
 * @throws {CheckpointError} when this package has no such backbone or head, naming what was found
 */
export function recognizeNetwork(shapes: PublishedShapes, path: string): RecognizedNetwork {
  const head = knownHeads.find(({ mark }) => shapes.has(mark));
  if (head === undefined) {
    throw new CheckpointError(
      `${path}: the head is not known here: expected mmsegmentation's DeepLabv3+ (separable) or OCR, ` +
        `found parts ${parts(shapes, /^decode_head\.((?:\d\.)?\w+)/)}`,
    );
  }
  const filters = (name: string) => {
    const count = shapes.get(name)?.[0];
    if (count === undefined) throw new CheckpointError(`${path}: has no ${name}; is the file complete?`);
    return count;
  };
  const options = Object.entries(head.channels).map(([option, name]) => [option, filters(name)] as const);
  const auxiliary = shapes.get('auxiliary_head.convs.0.conv.weight')?.[0];
  return {
    backbone: recognizeBackbone(shapes, path),
    head: { kind: head.kind, ...Object.fromEntries(options) },
    auxiliary: auxiliary === undefined ? null : { channels: auxiliary },
    classCount: filters(head.classifier),
  };
}

function recognizeBackbone(shapes: PublishedShapes, path: string): ComponentSection {
  const inBackbone = new Map(
    [...shapes]
      .filter(([name]) => name.startsWith('backbone.'))
      .map(([name, shape]) => [name.slice('backbone.'.length), shape] as const),
  );
  const found = backboneOf(inBackbone);
  if (found?.section) return found.section;
  throw new CheckpointError(
    `${path}: the backbone is not known here: expected one of ` +
      `${[...knownBackbones.map(({ kind }) => kind), 'mobilenet_v2'].join(', ')}, found ` +
      (found?.text ?? `parts ${parts(inBackbone, /^(\w+)/)}`),
  );
}

/** Returns the backbone whose published names these are (`layer1.0.conv1.weight`); null when they are of none. */
export function backboneOf(shapes: PublishedShapes): RecognizedBackbone | null {
  return residualNetworkOf(shapes) ?? mobileNetOf(shapes);
}

function residualNetworkOf(shapes: PublishedShapes): RecognizedBackbone | null {
  const block = blockKinds.find(({ mark }) => shapes.has(`layer1.0.${mark}`))?.block;
  if (block === undefined) return null;
  const places = [...shapes.keys()].flatMap((name) => {
    const [, stage, index] = name.match(/^layer(\d)\.(\d+)\./) ?? [];
    return stage === undefined ? [] : [{ stage: Number(stage), index: Number(index) }];
  });
  const blocks = [1, 2, 3, 4].map(
    (stage) => 1 + Math.max(-1, ...places.flatMap((place) => (place.stage === stage ? place.index : []))),
  );
  const known = knownBackbones.find((one) => one.block === block && String(one.blocks) === String(blocks));
  if (known === undefined) return { section: null, text: `${blocks.join('-')} blocks (${block})` };
  // Only a ResNet's plain stem is a single convolution.
  const plainStem = shapes.has('conv1.weight');
  const stem =
    known.block === 'split attention' ? '' : plainStem ? " with torchvision's stem" : ' with the deep stem';
  return {
    section: plainStem ? { kind: known.kind, stem: 'torchvision' } : { kind: known.kind },
    text: `${known.kind}${stem}`,
  };
}

/** Returns the number of classes of a whole segmentation network, by the last convolution that most libraries have. */
export function classesOfNetwork(shapes: PublishedShapes): number | null {
  const classifier =
    /(^|\.)(decode_head\.(\d\.)?conv_seg|head\.classifier|classifier(\.\d+)?|segmentation_head\.0)\.weight$/;
  for (const [name, shape] of shapes) {
    if (classifier.test(name) && shape.length === 4) return shape[0] ?? null;
  }
  return null;
}

/** Returns the names of parts that the pattern's group matches, each once. */
function parts(shapes: PublishedShapes, pattern: RegExp): string {
  const found = [...shapes.keys()].flatMap((name) => name.match(pattern)?.[1] ?? []);
  return [...new Set(found)].slice(0, 8).join(', ') || 'none';
}
