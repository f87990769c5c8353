/**
 * Weights from whatever file they come in. The format is chosen by content, not by the file's name, and the usual
 * wrappings (`state_dict` of mmsegmentation and Lightning, `model` of torchvision and timm) are taken off.
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

export interface StateDictContents {
  /** By name (`layer1.0.conv1.weight`), on the CPU, row-major, in the file's order. */
  tensors: Map<string, Tensor>;
  /** What else the file holds and was left out, by path: `meta`, `optimizer`, `state_dict.epoch`, ... */
  other: string[];
  /**
   * What `meta` beside the tensors says, plain values by name: mmsegmentation writes `CLASSES`, `PALETTE` and `config`
   * there. Empty where there is none.
   */
  meta: ReadonlyMap<unknown, unknown>;
}

const WRAPPINGS = ['state_dict', 'model', 'model_state_dict'];
const DEPTH_LIMIT = 32;
const VISIT_LIMIT = 1_000_000;
const NAME_LIMIT = 4096;

/**
 * Reads a state dict from safetensors or from a PyTorch checkpoint (zip or older). Never runs code from the file.
 * @throws CheckpointError naming the file and what is wrong, e.g. the refused global of a malicious pickle.
 */
export function readStateDict(path: string): StateDictContents {
  using file = new FileBytes(path);
  // First: it looks at nine bytes. The first of them, the low byte of a length, may be what a pickle begins with.
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
    // Memo references let a small pickle describe endless or exponentially large nesting.
    if (depth > DEPTH_LIMIT || visits > VISIT_LIMIT || name.length > NAME_LIMIT) {
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

/** Takes off wrappings; their siblings (optimizer, epoch, ...) are named in `other` and never loaded. */
function unwrap(root: unknown, { path, other }: { path: string; other: string[] }): unknown {
  if (root instanceof TensorDescription) {
    throw new CheckpointError(`${path}: holds a single tensor; expected a state dict (name → tensor)`);
  }
  let current = root;
  let prefix = '';
  for (let depth = 0; depth < DEPTH_LIMIT && current instanceof Map; depth += 1) {
    const dict: Map<unknown, unknown> = current;
    const wrapping = WRAPPINGS.find((name) => dict.get(name) instanceof Map);
    if (wrapping === undefined) break;
    for (const key of dict.keys()) if (key !== wrapping) other.push(`${prefix}${String(key)}`);
    prefix += `${wrapping}.`;
    current = dict.get(wrapping);
  }
  return current;
}

/** The first bytes, readable: an HTML error page or a Git LFS pointer is recognized at a glance. */
function beginning(file: FileBytes): string {
  if (file.size === 0) return 'nothing: it is empty';
  const bytes = file.read(0, Math.min(24, file.size), { what: 'the beginning' });
  return `'${Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '?')}'`;
}
