/**
 * Loads published ImageNet weights into a backbone, by an explicit mapping of names. A file may hold the tensors alone,
 * under wrappers and prefixes, or inside a whole network.
 */

import { z } from 'zod';
import { ops, type Tensor, tidy } from '../../torch/index.js';
import type { Backbone } from '../backbone.js';
import { misfitError } from './explain-misfit.js';
import { checkFoundTensors, matchTensors } from './match-tensors.js';
import { isMobileNetClassifier } from './mobilenet-names.js';
import { expectedNames, prefixNotice, readWeights, type WeightsFile } from './read-weights.js';
import { classesOfNetwork } from './recognize-network.js';

/** Accepts a weights file in a config. */
const weights = z
  .string()
  .nullable()
  .default(null)
  .describe(
    '`imagenet` fetches the ImageNet weights that are published for this kind (`coarsely weights` lists them); any other ' +
      'text is a file of them (.pth, .pt or .safetensors). `null` starts from random values.',
  );

/** Accepts the order in which a weights file reads the colors. */
const weightsColors = z
  .enum(['rgb', 'bgr'])
  .default('rgb')
  .describe(
    'Order in which the weights of the file read the colors. `bgr`, for the original Caffe weights, turns their first ' +
      'convolution around, as images are read in RGB.',
  );

/** Accepts a weights file in a config, and how it is read. */
export const fileOptions = { weights, weightsColors };

/** Reports which tensors of a file were loaded. */
export interface LoadedWeights {
  /** Names of the backbone's tensors that were filled. */
  readonly loaded: string[];
  /** Published names that the backbone needs and the file lacks. */
  readonly missing: string[];
  /** Names in the file that no tensor of the backbone has. */
  readonly unexpected: string[];
  /** Names in the file that no segmentor uses: ImageNet's classifier, counts of batches. */
  readonly unused: string[];
}

/** Configures `loadBackboneWeights`. */
export interface LoadBackboneWeightsOptions {
  /** Makes a missing name an error; true by default. */
  readonly strict?: boolean;
  /** Order in which the file's weights read the colors; `rgb` by default. */
  readonly colors?: 'rgb' | 'bgr';
  /** Receives a line about the wrappers or the prefix that were removed from the names, and about unused heads. */
  readonly onNotice?: (notice: string) => void;
}

/**
 * Copies the tensors of a `.pth`, `.pt` or `.safetensors` file into the backbone, and returns every name of either
 * side that has no counterpart. Names may stand under wrappers and prefixes (`state_dict`, `module.`, `encoder.`); the
 * one that fits best is removed.
 *
 * @throws {CheckpointError} when a shape differs, a value is NaN or infinite or, unless `strict` is false, a name is
 *   missing; nothing is copied then
 */
export function loadBackboneWeights(
  backbone: Backbone,
  path: string,
  { strict = true, colors = 'rgb', onNotice }: LoadBackboneWeightsOptions = {},
): LoadedWeights {
  return tidy(() => {
    const own = backbone.stateDict();
    const publishedNames = (name: string) => [...[backbone.publishedName?.(name) ?? name].flat(), name];
    const accepted = new Map<string, readonly number[]>();
    const expected = new Map<string, readonly number[]>();
    for (const [name, { shape }] of own) {
      const names = publishedNames(name);
      expected.set(names[0] ?? name, shape);
      for (const one of names) accepted.set(one, shape);
    }
    const file = readWeights(path, { scoreOf: expectedNames(accepted) });
    const tensors = colors === 'bgr' ? turnedAround(file.tensors) : file.tensors;
    const match = matchTensors(own, tensors, { publishedNames });
    const unused = match.others.filter(isUnused);
    const outside = [...file.shapes.keys()].filter((name) => isOfOtherPart(name, file));
    const unexpected = [...match.others.filter((name) => !isUnused(name)), ...outside];
    if (match.wrongShapes.length > 0 || (strict && match.missing.length > 0)) {
      throw misfitError({ path, file, expected, match, unexpected });
    }
    checkFoundTensors(match, { path, prefix: file.prefix });
    backbone.loadStateDict(match.found, { strict: false });
    const notice = prefixNotice(path, file);
    if (notice !== null) onNotice?.(notice);
    const classCount = classesOfNetwork(file.shapes);
    if (classCount !== null) onNotice?.(wholeNetworkNotice(path, classCount));
    return { loaded: [...match.found.keys()], missing: match.missing, unexpected, unused };
  });
}

/** Loads the weights of a file, if one is given, and returns the backbone. It is freed when they do not fit. */
export function withWeights<B extends Backbone>(
  backbone: B,
  path: string | null,
  options: Pick<LoadBackboneWeightsOptions, 'colors' | 'onNotice'> = {},
): B {
  try {
    if (path !== null) loadBackboneWeights(backbone, path, options);
  } catch (error) {
    backbone.dispose();
    throw error;
  }
  return backbone;
}

/** Returns the tensors with the input of convolutions over three colors in the opposite order. */
function turnedAround(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    [...tensors].map(([name, tensor]) => [
      name,
      tensor.ndim === 4 && tensor.shape[1] === 3 ? ops.flip(tensor, [1]) : tensor,
    ]),
  );
}

function wholeNetworkNotice(path: string, classCount: number): string {
  return (
    `${path}: is a whole segmentation network with ${classCount} classes, of which only the backbone is used; ` +
    'model.weights starts from all of it'
  );
}

/** Tells whether a tensor belongs to another part of a network whose backbone stands under `backbone.`: its head. */
function isOfOtherPart(name: string, { prefix }: Pick<WeightsFile, 'prefix'>): boolean {
  if (!prefix.endsWith('backbone.')) return false;
  return name.startsWith(prefix.slice(0, -'backbone.'.length)) && !name.startsWith(prefix);
}

function isUnused(name: string): boolean {
  return name.startsWith('fc.') || name.endsWith('num_batches_tracked') || isMobileNetClassifier(name);
}
