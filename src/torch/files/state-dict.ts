/**
 * Reads weights from files of any supported format. The content decides on the format, not the file's name, and the
 * usual wrappers (`state_dict` of mmsegmentation and Lightning, `model` of torchvision and timm) are removed.
 */
import { CheckpointError } from '../../errors/index.js';
import type { Tensor } from '../tensor.js';
import { FileBytes } from './file-bytes.js';
import { UnreadObject } from './pickle.js';
import { looksLikePickle, type PthContents, readLegacyCheckpoint, readZipCheckpoint } from './pth.js';
import { storedSafetensors } from './safetensors.js';
import { looksLikeSafetensors } from './safetensors-header.js';
import { loadStoredTensors, type StoredTensor } from './stored-tensor.js';
import { TensorDescription } from './torch-objects.js';
import { looksLikeZip } from './zip.js';

/** Holds the weights in a file. */
export interface StateDictContents {
  /** Holds the weights by name (`layer1.0.conv1.weight`), on the CPU, row-major, in the file's order. */
  tensors: Map<string, Tensor>;
  /**
   * Lists everything in the file that is not a weight and was not read: `meta`, `optimizer`, `state_dict.epoch`, ...
   */
  other: string[];
  /**
   * Holds plain values from `meta` beside the tensors, where mmsegmentation writes `CLASSES`, `PALETTE` and `config`.
   * Empty when the file has none.
   */
  meta: ReadonlyMap<unknown, unknown>;
}

// In this order, so that a moving average is taken only where the weights themselves are not in the file.
const wrappers = [
  ...['state_dict', 'model', 'model_state_dict', 'model_state', 'net', 'network', 'weights', 'params'],
  ...['state_dict_ema', 'ema_state_dict', 'model_ema', 'ema_model', 'ema'],
];
const depthLimit = 32;
const visitLimit = 1_000_000;
const nameLimit = 4096;

/** Configures `readStateDict`. */
export interface ReadStateDictOptions {
  /**
   * Chooses which tensors are read. It receives the shapes of all tensors by their whole names in the file, wrappers
   * included (`state_dict.module.conv1.weight`), and returns the names under which they are wanted, by the names in the
   * file. By default every tensor is read whose name remains when the usual wrappers are removed.
   */
  readonly choose?: (shapes: ReadonlyMap<string, readonly number[]>) => ReadonlyMap<string, string>;
}

/**
 * Reads a state dict from a safetensors file or a PyTorch checkpoint. No code from the file is executed.
 *
 * @throws {CheckpointError} when the file is damaged, of another format, or a pickle that names anything but tensors
 */
export function readStateDict(path: string, { choose }: ReadStateDictOptions = {}): StateDictContents {
  using file = new FileBytes(path);
  // Checked first, as the low byte of a header's length can be the byte with which a pickle begins.
  if (looksLikeSafetensors(file)) {
    const { stored } = storedSafetensors(file);
    if (stored.size === 0) throw noTensors(file);
    const names = chosenNames(stored, choose);
    return { ...loadNamed(stored, { names }), other: othersThan(names, stored.keys()), meta: new Map() };
  }
  if (looksLikeZip(file)) return loadPth(file, readZipCheckpoint(file), choose);
  if (looksLikePickle(file)) return loadPth(file, readLegacyCheckpoint(file), choose);
  throw new CheckpointError(
    `${path}: is neither safetensors nor a PyTorch checkpoint (it begins with ${beginning(file)}); expected weights saved by torch.save(model.state_dict()) or as safetensors`,
  );
}

function loadPth(
  file: FileBytes,
  { root, store }: PthContents,
  choose: ReadStateDictOptions['choose'],
): StateDictContents {
  if (root instanceof TensorDescription) {
    throw new CheckpointError(`${file.path}: holds a single tensor; expected a state dict (name → tensor)`);
  }
  const other: string[] = [];
  const dict = choose === undefined ? unwrap(root, other) : root;
  const meta = root instanceof Map && dict !== root.get('meta') ? root.get('meta') : undefined;
  const described = describedTensors(dict, { path: file.path, other });
  if (described.size === 0) {
    throw noTensors(file);
  }
  const names = chosenNames(described, choose);
  const stored = new Map<string, StoredTensor>();
  for (const name of names.keys()) {
    const tensor = described.get(name);
    if (tensor !== undefined) stored.set(name, store(tensor, name));
  }
  return {
    ...loadNamed(stored, { names }),
    other: [...other, ...othersThan(names, described.keys())],
    meta: meta instanceof Map ? meta : new Map(),
  };
}

function noTensors({ path }: FileBytes): CheckpointError {
  return new CheckpointError(`${path}: holds no tensors; expected a state dict (name → tensor)`);
}

/** Returns the names under which tensors are wanted, by their names in the file. */
function chosenNames(
  inFile: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  choose: ReadStateDictOptions['choose'],
): ReadonlyMap<string, string> {
  if (choose === undefined) return new Map([...inFile.keys()].map((name) => [name, name]));
  return choose(new Map([...inFile].map(([name, { shape }]) => [name, shape])));
}

function othersThan(names: ReadonlyMap<string, string>, inFile: Iterable<string>): string[] {
  return [...inFile].filter((name) => !names.has(name));
}

/** Loads the tensors that have a wanted name, under that name and in the order of the file. */
function loadNamed(
  stored: ReadonlyMap<string, StoredTensor>,
  { names }: { readonly names: ReadonlyMap<string, string> },
): Pick<StateDictContents, 'tensors'> {
  const wanted = new Map<string, StoredTensor>();
  for (const [name, tensor] of stored) {
    const wantedName = names.get(name);
    if (wantedName !== undefined) wanted.set(wantedName, tensor);
  }
  return { tensors: loadStoredTensors(wanted) };
}

/** Returns every tensor below `dict` by its whole name, and adds the names of all other values to `other`. */
function describedTensors(
  dict: unknown,
  { path, other }: { readonly path: string; readonly other: string[] },
): Map<string, TensorDescription> {
  const described = new Map<string, TensorDescription>();
  let visits = 0;
  const collect = (value: unknown, { name, depth }: { name: string; depth: number }): void => {
    visits += 1;
    // References let a small pickle describe endless or exponentially large nesting.
    if (depth > depthLimit || visits > visitLimit || name.length > nameLimit) {
      throw new CheckpointError(`${path}: '${name.slice(0, 80)}' is nested too deeply to be a state dict`);
    }
    if (value instanceof TensorDescription) {
      if (described.has(name)) throw new CheckpointError(`${path}: tensor '${name}' appears twice`);
      described.set(name, value);
    } else if (value instanceof UnreadObject && value.size === 0) {
      other.push(name);
    } else if (value instanceof Map || (Array.isArray(value) && value.length > 0)) {
      for (const [key, item] of value.entries()) {
        const part = keyName(key);
        collect(item, { name: name === '' ? part : `${name}.${part}`, depth: depth + 1 });
      }
    } else {
      other.push(name);
    }
  };
  collect(dict, { name: '', depth: 0 });
  return described;
}

/** Removes wrappers. The names beside them (optimizer, epoch, ...) are added to `other`. */
function unwrap(root: unknown, other: string[]): unknown {
  let current = root;
  let prefix = '';
  for (let depth = 0; depth < depthLimit && current instanceof Map; depth += 1) {
    const dict: Map<unknown, unknown> = current;
    const wrapper = wrappers.find((name) => dict.get(name) instanceof Map);
    if (wrapper === undefined) break;
    for (const key of dict.keys()) if (key !== wrapper) other.push(`${prefix}${keyName(key)}`);
    prefix += `${wrapper}.`;
    current = dict.get(wrapper);
  }
  return current;
}

/** Returns a key of a pickled dict as text. Lists, tuples and dicts can be keys too, and no weight has such a name. */
function keyName(key: unknown): string {
  return typeof key === 'string' || typeof key === 'number' ? String(key) : '?';
}

/** Gives the beginnings of files that are often taken for weights. */
const beginnings = [
  ['version https://git-lfs', "a pointer of Git LFS: get the file itself by 'git lfs pull'"],
  ['<!DOCTYPE', 'a web page: the download did not reach the file'],
  ['<html', 'a web page: the download did not reach the file'],
  ['\x1f\x8b', 'gzip: unpack it first'],
  ['BZh', 'bzip2: unpack it first'],
  ['\xfd7zXZ', 'xz: unpack it first'],
  ['\x93NUMPY', 'a NumPy array'],
  ['\x89HDF', 'HDF5, as Keras writes it'],
] as const;

/** Returns the first bytes as text, by which a person recognizes an HTML error page or a Git LFS pointer. */
function beginning(file: FileBytes): string {
  if (file.size === 0) return 'nothing: it is empty';
  const bytes = file.read(0, Math.min(24, file.size), { what: 'the beginning' });
  const start = Buffer.from(bytes).toString('latin1');
  const known = beginnings.find(([text]) => start.startsWith(text));
  return `'${start.replace(/[^\x20-\x7e]/g, '?')}'${known === undefined ? '' : `, which is ${known[1]}`}`;
}
