/** Reads the option `weights: imagenet` of a backbone: which published file it stands for, and whether that can load. */

import { ConfigError } from '../../errors/index.js';
import type { ComponentSection } from '../../registry/index.js';
import { backbones } from '../backbones.js';
import { type PublishedFile, publishedFiles } from './published-files.js';

/** Stands for the published file in the option `weights` of a backbone. A file of this name is given as `./imagenet`. */
const imageNetWeights = 'imagenet';

/** Tells whether a backbone starts from the published ImageNet weights of its kind. */
export function wantsImageNet(backbone: ComponentSection): boolean {
  return backbone.weights === imageNetWeights;
}

/**
 * Returns the published file of a backbone with `weights: imagenet`; null for any other backbone.
 *
 * @throws {ConfigError} when no file is published for its kind, or the backbone has another shape than the published one
 */
export function publishedFileOf(backbone: ComponentSection): PublishedFile | null {
  if (!wantsImageNet(backbone)) return null;
  const { kind, ...given } = backbone;
  const file = publishedFileOfKind(kind);
  const parsed = backbones.get(kind).options.safeParse(given);
  // What is wrong with options is said where they are parsed for the backbone itself.
  const options = parsed.success ? (parsed.data as Readonly<Record<string, unknown>>) : given;
  for (const [name, wanted] of Object.entries(file.options)) {
    if (options[name] === wanted) continue;
    throw new ConfigError(
      `model.backbone.weights: imagenet: the published ${kind} has ${name} ${wanted}, this one ${options[name]}; ` +
        `set model.backbone.${name}=${wanted}, or model.backbone.weights to a file or null`,
    );
  }
  if (options.weightsColors === 'bgr') {
    throw new ConfigError(
      'model.backbone.weightsColors: bgr is for files of your own; the published ImageNet weights read RGB, set it to rgb',
    );
  }
  return file;
}

/**
 * Returns the published file of a kind of backbone.
 *
 * @throws {ConfigError} when there is none
 */
export function publishedFileOfKind(kind: string): PublishedFile {
  const file = publishedFiles.get(kind);
  if (file !== undefined) return file;
  throw new ConfigError(
    `no ImageNet weights are published for the backbone '${kind}' (there are some for ` +
      `${[...publishedFiles.keys()].join(', ')}); give model.backbone.weights a file, or null for random weights`,
  );
}
