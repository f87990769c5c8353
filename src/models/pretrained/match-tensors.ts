/** Matches the tensors of a published file with those of a network by name. */

import { CheckpointError } from '../../errors/index.js';
import { nearest } from '../../errors/internal.js';
import type { Tensor } from '../../torch/index.js';
import { checkWeight } from './check-weight.js';
import { withImageChannels } from './image-channels.js';

/** Configures `matchTensors`. */
export interface MatchOptions {
  /**
   * Returns the names that the network's tensor `name` may have in the file; the first is reported when all are
   * missing.
   */
  readonly publishedNames: (name: string) => readonly string[];
}

/** Names a tensor whose shape in the file is not the network's. */
export interface WrongShape {
  readonly name: string;
  readonly expected: readonly number[];
  readonly received: readonly number[];
}

/** Reports which tensors match, and what either side lacks. */
export interface MatchedTensors {
  /** Tensors of the file by the network's names. */
  readonly found: Map<string, Tensor>;
  /** Names in the file of the tensors in `found`, in the same order. */
  readonly foundNames: readonly string[];
  readonly wrongShapes: readonly WrongShape[];
  /** Published names that the network needs and the file lacks. */
  readonly missing: string[];
  /** Names in the file that no tensor of the network has. */
  readonly others: string[];
}

/**
 * Returns the tensors of the file under the network's names. A first convolution over red, green and blue is made to fit
 * images of other channels; the caller's scope frees what is new.
 */
export function matchTensors(
  own: ReadonlyMap<string, Tensor>,
  published: ReadonlyMap<string, Tensor>,
  { publishedNames }: MatchOptions,
): MatchedTensors {
  const found = new Map<string, Tensor>();
  const foundNames: string[] = [];
  const wrongShapes: WrongShape[] = [];
  const missing: string[] = [];
  const used = new Set<string>();
  for (const [name, tensor] of own) {
    const candidates = publishedNames(name);
    const publishedName = candidates.find((candidate) => published.has(candidate)) ?? candidates[0] ?? name;
    used.add(publishedName);
    const source = published.get(publishedName);
    if (source === undefined) missing.push(publishedName);
    else {
      const fitting = withImageChannels(source, tensor.shape);
      if (fitting === null) {
        wrongShapes.push({ name: publishedName, expected: tensor.shape, received: source.shape });
      } else {
        found.set(name, fitting);
        foundNames.push(publishedName);
      }
    }
  }
  return {
    found,
    foundNames,
    wrongShapes,
    missing,
    others: [...published.keys()].filter((name) => !used.has(name)),
  };
}

/**
 * Checks the values of the tensors that were found.
 *
 * @param file.prefix what was removed before the names, so that messages name tensors as the file does
 * @throws {CheckpointError} naming file and tensor when it is not of floating-point numbers, or not finite
 */
export function checkFoundTensors(
  { found, foundNames }: Pick<MatchedTensors, 'found' | 'foundNames'>,
  { path, prefix }: { readonly path: string; readonly prefix: string },
): void {
  let index = 0;
  for (const tensor of found.values()) {
    checkWeight(tensor, `${path}: ${prefix}${foundNames[index]}`);
    index += 1;
  }
}

/** Returns an error that names the first tensor of a wrong shape, and how many more there are. */
export function wrongShapeError(
  wrongShapes: readonly WrongShape[],
  { path, prefix }: { readonly path: string; readonly prefix: string },
): CheckpointError {
  const [first, ...more] = wrongShapes;
  const others = more.length === 0 ? '' : ` (and ${more.length} more of another shape)`;
  return new CheckpointError(
    `${path}: ${prefix}${first?.name}: expected shape [${first?.expected}], received [${first?.received}]${others}`,
  );
}

/** Returns at most eight names and the number of the others, so that a message about the wrong file stays readable. */
function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

/** Returns `missing …; unexpected …`, with the name of the file that a few missing names were probably meant to be. */
export function listDifference(missing: readonly string[], unexpected: readonly string[]): string {
  const few = missing.length <= 8;
  const named = missing.map((name) => {
    const near = few ? nearest(name, unexpected) : undefined;
    return near === undefined ? name : `${name} (the file has ${near})`;
  });
  return `missing ${listed(named)}; unexpected ${listed(unexpected)}`;
}
