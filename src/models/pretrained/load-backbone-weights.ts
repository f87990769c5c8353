/**
 * Loads published ImageNet weights into a backbone, by an explicit mapping of names. A file may hold the tensors
 * alone, or a whole segmentor whose backbone's names begin with `backbone.`; `readStateDict` unwraps a nested
 * `state_dict`.
 */

import { z } from 'zod';
import { CheckpointError } from '../../errors/index.js';
import { readStateDict, type Tensor, tidy } from '../../torch/index.js';
import type { Backbone } from '../backbone.js';
import { listed, matchTensors } from './match-tensors.js';

/** Accepts a weights file in a config. */
export const weightsOption = z
  .string()
  .nullable()
  .default(null)
  .describe('File of ImageNet weights (.pth, .pt or .safetensors). `null` starts from random values.');

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
}

/**
 * Copies the tensors of a `.pth`, `.pt` or `.safetensors` file into the backbone, and returns every name of either
 * side that has no counterpart.
 *
 * @throws {CheckpointError} when a shape differs or, unless `strict` is false, a name is missing; nothing is copied
 *   then
 */
export function loadBackboneWeights(
  backbone: Backbone,
  path: string,
  { strict = true }: LoadBackboneWeightsOptions = {},
): LoadedWeights {
  return tidy(() => copyWeights(backbone, backboneTensors(readStateDict(path).tensors), { path, strict }));
}

/** Loads the weights of a file, if one is given, and returns the backbone. It is freed when they do not fit. */
export function withWeights<B extends Backbone>(backbone: B, path: string | null): B {
  try {
    if (path !== null) loadBackboneWeights(backbone, path);
  } catch (error) {
    backbone.dispose();
    throw error;
  }
  return backbone;
}

function copyWeights(
  backbone: Backbone,
  published: ReadonlyMap<string, Tensor>,
  { path, strict }: { readonly path: string; readonly strict: boolean },
): LoadedWeights {
  const publishedNames = (name: string) => [backbone.publishedName?.(name) ?? name].flat();
  const { found, missing, others } = matchTensors(backbone.stateDict(), published, { path, publishedNames });
  const unused = others.filter(isUnused);
  const unexpected = others.filter((name) => !isUnused(name));
  if (strict && missing.length > 0) {
    throw new CheckpointError(
      `${path}: these are not the weights of this backbone (does its depth or stem differ?): ` +
        `missing ${listed(missing)}; unexpected ${listed(unexpected)}`,
    );
  }
  backbone.loadStateDict(found, { strict: false });
  return { loaded: [...found.keys()], missing, unexpected, unused };
}

/** Removes the prefix of a whole segmentor. Its other parts keep their names, and count as unexpected. */
function backboneTensors(state: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map([...state].map(([name, tensor]) => [name.replace(/^backbone\./, ''), tensor]));
}

function isUnused(name: string): boolean {
  return name.startsWith('fc.') || name.endsWith('.num_batches_tracked');
}
