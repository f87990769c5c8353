/**
 * Translates names of ResNeSt tensors to those in published weight files. All name blocks alike; the stem is
 * `stem.0` to `stem.7` in mmsegmentation's and mmcv's files, and `conv1.0` to `conv1.6` with `bn1` in the authors':
 *
 *     stem.2.bn.bias                   -> stem.7.bias, bn1.bias
 *     stage2.0.conv2.fc1.weight        -> layer2.0.conv2.fc1.weight
 *     stage2.0.downsample.2.bias       -> layer2.0.downsample.2.bias
 */

const stem: Readonly<Record<string, readonly string[]>> = {
  'stem.0.conv': ['stem.0', 'conv1.0'],
  'stem.0.bn': ['stem.1', 'conv1.1'],
  'stem.1.conv': ['stem.3', 'conv1.3'],
  'stem.1.bn': ['stem.4', 'conv1.4'],
  'stem.2.conv': ['stem.6', 'conv1.6'],
  'stem.2.bn': ['stem.7', 'bn1'],
};

const inBlock = /^stage[1-4]\.\d+\.(conv[13]|bn[13]|conv2\.(conv|bn0|fc1|bn1|fc2)|downsample\.[12])\./;

/**
 * Returns the published names of a tensor, mmsegmentation's first.
 *
 * @throws {RangeError} when no ResNeSt has a tensor of this name
 */
export function resnestNames(name: string): readonly string[] {
  const dot = name.lastIndexOf('.');
  const inStem = stem[name.slice(0, dot)];
  if (inStem !== undefined) return inStem.map((published) => `${published}${name.slice(dot)}`);
  if (inBlock.test(name)) return [name.replace('stage', 'layer')];
  throw new RangeError(`resnestNames: no published name for ${name}`);
}
