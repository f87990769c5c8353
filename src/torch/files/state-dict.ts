/**
 * Reads weights from files of any supported format. The content decides on the format, not the file's name, and the
 * usual wrappers (`state_dict` of mmsegmentation and Lightning, `model` of torchvision and timm) are removed.
 */
import { CheckpointError } from '../../errors/index.js';
import type { Tensor } from '../tensor.js';
import { FileBytes } from './file-bytes.js';
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

const wrappers = ['state_dict', 'model', 'model_state_dict'];
const depthLimit = 32;
const visitLimit = 1_000_000;
const nameLimit = 4096;

/**
 * Reads a state dict from a safetensors file or a PyTorch checkpoint. No code from the file is executed.
 *
 * @throws {CheckpointError} when the file is damaged, of another format, or a pickle that names anything but tensors
 */
export function readStateDict(path: string): StateDictContents {
  using file = new FileBytes(path);
  // Checked first, as the low byte of a header's length can be the byte with which a pickle begins.
  if (looksLikeSafetensors(file)) {
    return { tensors: loadStoredTensors(storedSafetensors(file).stored), other: [], meta: new Map() };
  }
  if (looksLikeZip(file)) return loadPth(file, readZipCheckpoint(file));
  if (looksLikePickle(file)) return loadPth(file, readLegacyCheckpoint(file));
  throw new CheckpointError(
    `${path}: is neither safetensors nor a PyTorch checkpoint (it begins with ${beginning(file)}); expected weights saved by torch.save(model.state_dict()) or as safetensors`,
  );
}

function loadPth(file: FileBytes, { root, store }: PthContents): StateDictContents {
  const other: string[] = [];
  const dict = unwrap(root, { path: file.path, other });
  const meta = root instanceof Map && dict !== root ? root.get('meta') : undefined;
  const stored = new Map<string, StoredTensor>();
  let visits = 0;
  const collect = (value: unknown, { name, depth }: { name: string; depth: number }): void => {
    visits += 1;
    // References let a small pickle describe endless or exponentially large nesting.
    if (depth > depthLimit || visits > visitLimit || name.length > nameLimit) {
      throw new CheckpointError(
        `${file.path}: '${name.slice(0, 80)}' is nested too deeply to be a state dict`,
      );
    }
    if (value instanceof TensorDescription) {
      if (stored.has(name)) throw new CheckpointError(`${file.path}: tensor '${name}' appears twice`);
      stored.set(name, store(value, name));
    } else if (value instanceof Map || (Array.isArray(value) && value.length > 0)) {
      for (const [key, item] of value.entries()) {
        const part = typeof key === 'string' || typeof key === 'number' ? String(key) : '?';
        collect(item, { name: name === '' ? part : `${name}.${part}`, depth: depth + 1 });
      }
    } else {
      other.push(name);
    }
  };
  collect(dict, { name: '', depth: 0 });
  if (stored.size === 0) {
    throw new CheckpointError(`${file.path}: holds no tensors; expected a state dict (name → tensor)`);
  }
  return { tensors: loadStoredTensors(stored), other, meta: meta instanceof Map ? meta : new Map() };
}

/** Removes wrappers. The names beside them (optimizer, epoch, ...) are added to `other`. */
function unwrap(root: unknown, { path, other }: { path: string; other: string[] }): unknown {
  if (root instanceof TensorDescription) {
    throw new CheckpointError(`${path}: holds a single tensor; expected a state dict (name → tensor)`);
  }
  let current = root;
  let prefix = '';
  for (let depth = 0; depth < depthLimit && current instanceof Map; depth += 1) {
    const dict: Map<unknown, unknown> = current;
    const wrapper = wrappers.find((name) => dict.get(name) instanceof Map);
    if (wrapper === undefined) break;
    for (const key of dict.keys()) if (key !== wrapper) other.push(`${prefix}${String(key)}`);
    prefix += `${wrapper}.`;
    current = dict.get(wrapper);
  }
  return current;
}

/** Returns the first bytes as text, by which a person recognizes an HTML error page or a Git LFS pointer. */
function beginning(file: FileBytes): string {
  if (file.size === 0) return 'nothing: it is empty';
  const bytes = file.read(0, Math.min(24, file.size), { what: 'the beginning' });
  return `'${Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '?')}'`;
}
