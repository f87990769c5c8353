/** Which tensor of a published file belongs to which of a network, and what either side has that the other lacks. */
import { CheckpointError } from '../../errors/index.js';
import type { Tensor } from '../../torch/index.js';

export interface MatchOptions {
  /** The file, for messages. */
  readonly path: string;
  /** Names that a tensor called `name` here may have in the file; the first is the one to miss. */
  readonly publishedNames: (name: string) => readonly string[];
}

export interface MatchedTensors {
  /** Tensors of the file by the names here. */
  readonly found: Map<string, Tensor>;
  /** Published names that the network needs and the file lacks. */
  readonly missing: string[];
  /** Names in the file that nothing here corresponds to. */
  readonly others: string[];
}

/** @throws CheckpointError for a shape that differs, naming file, tensor, expected and received */
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

/** At most eight names, so that a message about the wrong file stays readable; the count says the rest. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
