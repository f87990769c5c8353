/**
 * Translates names of head tensors to those in mmsegmentation's checkpoints, after `decode_head.` (or
 * `auxiliary_head.`):
 *
 *     FCN         conv.bn.bias                         -> convs.0.bn.bias
 *     DeepLabv3+  branches.1.pointwise.conv.weight     -> aspp_modules.2.pointwise_conv.conv.weight
 *     OCR         regions.classifier.bias              -> 0.conv_seg.bias
 *                 attention.query.1.bn.weight          -> 1.object_context_block.query_project.1.bn.weight
 */

/** Returns the name of a tensor of `FcnHead` in mmsegmentation's `FCNHead` with one convolution. */
export function fcnName(name: string): string {
  return renamed(name, [
    ['conv.', 'convs.0.'],
    ['classifier.', 'conv_seg.'],
  ]);
}

/** Returns the name of a tensor of `DeepLabV3Plus` in mmsegmentation's `DepthwiseSeparableASPPHead`. */
export function deepLabName(name: string): string {
  return renamed(name, [
    ['imagePool.', 'image_pool.1.'],
    ['pointwise.', 'aspp_modules.0.'],
    ...branchPrefixes(name),
    ['bottleneck.', 'bottleneck.'],
    ['lowLevel.', 'c1_bottleneck.'],
    ...[0, 1].flatMap((index) => separable(`fuse.${index}.`, `sep_bottleneck.${index}.`)),
    ['classifier.', 'conv_seg.'],
  ]);
}

/** Returns the name of a tensor of `OcrHead` in mmsegmentation's cascade of `FCNHead` and `OCRHead`. */
export function ocrName(name: string): string {
  if (name.startsWith('regions.')) return `0.${fcnName(name.slice('regions.'.length))}`;
  const block = '1.object_context_block.';
  return renamed(name, [
    ['bottleneck.', '1.bottleneck.'],
    ['attention.query.', `${block}query_project.`],
    ['attention.key.', `${block}key_project.`],
    ['attention.value.', `${block}value_project.`],
    ['attention.out.', `${block}out_project.`],
    ['attention.bottleneck.', `${block}bottleneck.`],
    ['classifier.', '1.conv_seg.'],
  ]);
}

/** Returns the prefixes of the branch that a name is of; there may be any number of branches. */
function branchPrefixes(name: string): Prefix[] {
  const [, index] = name.match(/^branches\.(\d+)\./) ?? [];
  return index === undefined ? [] : separable(`branches.${index}.`, `aspp_modules.${Number(index) + 1}.`);
}

type Prefix = readonly [own: string, published: string];

function separable(own: string, published: string): Prefix[] {
  return [
    [`${own}depthwise.`, `${published}depthwise_conv.`],
    [`${own}pointwise.`, `${published}pointwise_conv.`],
  ];
}

function renamed(name: string, prefixes: readonly Prefix[]): string {
  const found = prefixes.find(([own]) => name.startsWith(own));
  if (found === undefined) throw new RangeError(`no published name for ${name}`);
  return `${found[1]}${name.slice(found[0].length)}`;
}
