/**
 * Translates names of ResNet tensors to those in published weight files, torchvision's and mmsegmentation's (V1c):
 *
 *     stem.1.conv.weight               -> stem.3.weight             (deep: conv, norm, ReLU three times)
 *     stem.0.bn.running_mean           -> bn1.running_mean          (torchvision)
 *     stage3.0.bn2.bias                -> layer3.0.bn2.bias
 *     stage3.0.downsample.0.weight     -> layer3.0.downsample.0.weight
 */

const stems: Readonly<Record<'deep' | 'torchvision', Readonly<Record<string, string>>>> = {
  deep: {
    'stem.0.conv': 'stem.0',
    'stem.0.bn': 'stem.1',
    'stem.1.conv': 'stem.3',
    'stem.1.bn': 'stem.4',
    'stem.2.conv': 'stem.6',
    'stem.2.bn': 'stem.7',
  },
  torchvision: { 'stem.0.conv': 'conv1', 'stem.0.bn': 'bn1' },
};

/**
 * Returns the published name of a tensor of a ResNet with this stem.
 *
 * @throws {RangeError} when no ResNet has a tensor of this name
 */
export function resnetName(name: string, stem: 'deep' | 'torchvision'): string {
  const dot = name.lastIndexOf('.');
  const inStem = stems[stem][name.slice(0, dot)];
  if (inStem !== undefined) return `${inStem}${name.slice(dot)}`;
  // Fields of a block have torchvision's names.
  if (/^stage[1-4]\.\d+\.(conv[123]|bn[123]|downsample\.[01])\./.test(name))
    return name.replace('stage', 'layer');
  throw new RangeError(`resnetName: no published name for ${name}`);
}
