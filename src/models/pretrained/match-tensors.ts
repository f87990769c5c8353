/** Matches the tensors of a published file with those of a network by name. */

import { CheckpointError } from '../../errors/index.js';
import type { Tensor } from '../../torch/index.js';

/** Configures `matchTensors`. */
export interface MatchOptions {
  /** File, for messages. */
  readonly path: string;
  /**
   * Returns the names that the network's tensor `name` may have in the file; the first is reported when all are
   * missing.
   */
  readonly publishedNames: (name: string) => readonly string[];
}

/** Reports which tensors match, and what either side lacks. */
export interface MatchedTensors {
  /** Tensors of the file by the network's names. */
  readonly found: Map<string, Tensor>;
  /** Published names that the network needs and the file lacks. */
  readonly missing: string[];
  /** Names in the file that no tensor of the network has. */
  readonly others: string[];
}

/**
 * Returns the tensors of the file under the network's names.
 *
 * @throws {CheckpointError} when a shape differs, naming file, tensor, expected and received
 */
export function matchTensors(
  own: ReadonlyMap<string, Tensor>,
  published: ReadonlyMap<string, Tensor>,
  { path, publishedNames }: MatchOptions,
): MatchedTensors {
  const found = new Map<string, Tensor>();
  const missing: string[] = [];
  const used = new Set<string>();
  for (const [name, tensor] of own) {
    const candidates = publishedNames(name);
    const publishedName = candidates.find((candidate) => published.has(candidate)) ?? candidates[0] ?? name;
    used.add(publishedName);
    const source = published.get(publishedName);
    if (source === undefined) missing.push(publishedName);
    else if (String(source.shape) === String(tensor.shape)) found.set(name, source);
    else {
      throw new CheckpointError(
        `${path}: ${publishedName}: expected shape [${tensor.shape}], received [${source.shape}]`,
      );
    }
  }
  return { found, missing, others: [...published.keys()].filter((name) => !used.has(name)) };
}

/** Returns at most eight names and the number of the others, so that a message about the wrong file stays readable. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
