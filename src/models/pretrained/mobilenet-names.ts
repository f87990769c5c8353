/**
 * Translates names of MobileNet tensors to those in published weight files, which number the parts of a block in their
 * order. torchvision numbers the blocks of the whole network, mmsegmentation those of each of seven layers:
 *
 *     V2   stem.0.conv.weight             -> features.0.0.weight, conv1.conv.weight
 *          stem.1.depthwise.bn.bias       -> features.1.conv.0.1.bias, layer1.0.conv.0.bn.bias   (it does not expand)
 *          stage2.0.project.conv.weight   -> features.4.conv.2.weight, layer3.0.conv.2.conv.weight
 *     V3   stage2.0.squeeze.fc1.bias      -> features.4.block.2.fc1.bias
 *          stage4.3.bn.running_mean       -> features.16.1.running_mean
 */

import { type BlockPlan, type MobileNetKind, mobileNetPlan } from '../mobilenet/architectures.js';

/**
 * Returns the published names of a tensor of a MobileNet, torchvision's first. mmsegmentation has a MobileNetV2 only.
 *
 * @throws {RangeError} when no MobileNet of this kind has a tensor of this name
 */
export function mobileNetNames(name: string, kind: MobileNetKind): readonly string[] {
  const [, part = '', index, path = ''] = name.match(/^(stem|stage[1-4])\.(\d+)\.(.+)$/) ?? [];
  const place = placeOf(part, Number(index), kind);
  const rest = place && (place.parts === null ? inLayer(path) : inBlock(path, place.parts, kind));
  if (!rest) throw new RangeError(`mobileNetNames: no published name for ${name}`);
  const torchvision = `features.${place.position}.${rest}`;
  return kind === 'mobilenet_v2' ? [torchvision, inSegmentation(path, place)] : [torchvision];
}

/** Tells whether a published tensor belongs to the ImageNet classifier of a MobileNet, which no backbone has. */
export function isMobileNetClassifier(name: string): boolean {
  return /^(classifier|features\.18)\./.test(name);
}

/** Names the parts of a block in their order, as fields of `InvertedResidual`. */
type BlockParts = readonly string[];

interface Place {
  /** A layer's number in torchvision's `features`. */
  readonly position: number;
  /** Parts of the block; null for a single convolution. */
  readonly parts: BlockParts | null;
}

function placeOf(part: string, index: number, kind: MobileNetKind): Place | null {
  // Which parts a block has does not depend on the width.
  const { stem, stages, lastChannels } = mobileNetPlan(kind, 1);
  const [first, second, third, fourth] = stages.map((blocks) =>
    blocks.map((block) => ['expand', ...partsOf(block)]),
  );
  const layers: Readonly<Record<string, readonly (BlockParts | null)[] | undefined>> = {
    stem: [null, partsOf(stem)],
    stage1: first,
    stage2: second,
    stage3: third,
    stage4: [...(fourth ?? []), ...(lastChannels === null ? [] : [null])],
  };
  let position = index;
  for (const [name, blocks = []] of Object.entries(layers)) {
    const parts = blocks[index];
    if (name === part) return parts === undefined ? null : { position, parts };
    position += blocks.length;
  }
  return null;
}

/** Returns the parts of a block after its expansion. */
function partsOf({ squeezes }: BlockPlan): BlockParts {
  return squeezes ? ['depthwise', 'squeeze', 'project'] : ['depthwise', 'project'];
}

function inLayer(path: string): string | null {
  const [, layer, tensor] = path.match(/^(conv|bn)\.(\w+)$/) ?? [];
  return layer === undefined ? null : `${layer === 'conv' ? 0 : 1}.${tensor}`;
}

function inBlock(path: string, parts: BlockParts, kind: MobileNetKind): string | null {
  const [, part = '', inside = ''] = path.match(/^(\w+)\.(.+)$/) ?? [];
  const number = parts.indexOf(part);
  if (number < 0) return null;
  if (part === 'squeeze') return /^fc[12]\.\w+$/.test(inside) ? `block.${number}.${inside}` : null;
  const layer = inLayer(inside);
  if (layer === null || kind === 'mobilenet_v3_large') return layer && `block.${number}.${layer}`;
  // MobileNetV2 has its last convolution and normalization beside the others and not inside a layer of their own.
  const [own, tensor] = layer.split('.');
  return part === 'project' ? `conv.${number + Number(own)}.${tensor}` : `conv.${number}.${layer}`;
}

// Positions in `features` at which the layers of mmsegmentation's MobileNetV2 begin.
const layerStarts = [1, 2, 4, 7, 11, 14, 17];

/** Returns the name in mmsegmentation's MobileNetV2, whose convolutions are all mmcv's `ConvModule`. */
function inSegmentation(path: string, { position, parts }: Place): string {
  if (parts === null) return `conv1.${path}`;
  const layer = layerStarts.findLastIndex((start) => start <= position);
  const [part = '', ...inside] = path.split('.');
  return `layer${layer + 1}.${position - (layerStarts[layer] ?? 0)}.conv.${parts.indexOf(part)}.${inside.join('.')}`;
}
