/**
 * Published ImageNet weights into a backbone, by an explicit mapping of names. A file may hold the tensors alone, or a
 * whole segmentor whose backbone's names begin with `backbone.`; the torch room unwraps a nested `state_dict`.
 */
import { CheckpointError } from '../../errors/index.js';
import { readStateDict, type Tensor, tidy } from '../../torch/index.js';
import type { Backbone } from '../backbone.js';
import { listed, matchTensors } from './match-tensors.js';

export interface LoadedWeights {
  /** Names here that were filled. */
  readonly loaded: string[];
  /** Published names that the backbone needs and the file lacks. */
  readonly missing: string[];
  /** Names in the file that nothing here corresponds to. */
  readonly unexpected: string[];
  /** Names in the file that are of no use to a segmentor: ImageNet's classifier, counts of batches. */
  readonly unused: string[];
}

export interface LoadBackboneWeightsOptions {
  /** Whether a missing name is an error (default) or only reported. */
  readonly strict?: boolean;
}

/**
 * Copies the tensors of a `.pth`, `.pt` or `.safetensors` file into the backbone, and reports every name of either
 * side that had no counterpart. A wrong shape is always a CheckpointError; nothing is copied when one is thrown.
 */
export function loadBackboneWeights(
  backbone: Backbone,
  path: string,
  { strict = true }: LoadBackboneWeightsOptions = {},
): LoadedWeights {
  return tidy(() => copyWeights(backbone, backboneTensors(readStateDict(path).tensors), { path, strict }));
}

/** The backbone itself, with the weights of the file where one is given. Freed when they do not fit. */
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

/** Without the prefix of a whole segmentor, whose other parts keep their names and so count as unexpected. */
function backboneTensors(state: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map([...state].map(([name, tensor]) => [name.replace(/^backbone\./, ''), tensor]));
}

function isUnused(name: string): boolean {
  return name.startsWith('fc.') || name.endsWith('.num_batches_tracked');
}
