/**
 * Lists what a pickle of PyTorch may name: storages, the functions that rebuild tensors from them, and OrderedDict. A
 * rebuilt tensor is only described; its elements are read later.
 */
import { CheckpointError } from '../../errors/index.js';
import type { DType } from '../dtype.js';
import { PickleGlobal, type PickleHost } from './pickle.js';
import { elementCount } from './stored-tensor.js';

/** Describes a tensor: the element at `index` is element offset + Σ index · stride of the storage. */
export class TensorDescription {
  readonly storage: StorageDescription;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];

  constructor(
    storage: StorageDescription,
    { offset, shape, stride }: { offset: number; shape: readonly number[]; stride: readonly number[] },
  ) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

/** Describes a storage, or in old files a part of one, by its key in the file. Counts are in elements. */
export class StorageDescription {
  readonly key: string;
  readonly dtype: DType;
  readonly elementCount: number;
  readonly viewOffset: number;

  constructor(
    key: string,
    { dtype, count, viewOffset }: { dtype: DType; count: number; viewOffset: number },
  ) {
    this.key = key;
    this.dtype = dtype;
    this.elementCount = count;
    this.viewOffset = viewOffset;
  }
}

/** Stands for the type of a storage, which persistent ids refer to and nothing calls. */
class StorageType extends PickleGlobal {
  readonly dtype: DType;

  constructor(name: string, dtype: DType) {
    super(name, null);
    this.dtype = dtype;
  }
}

const dtypeOfStorage = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
} as const satisfies Record<string, DType>;

/** Returns the host for the pickles of one file; `path` begins its error messages. */
export function torchPickleHost(path: string): PickleHost {
  const rebuildTensor = (args: readonly unknown[]) => describeTensor(args, path);
  const globals = new Map<string, PickleGlobal>();
  const allow = (name: string, call: (args: readonly unknown[]) => unknown) =>
    globals.set(name, new PickleGlobal(name, call));
  allow('collections.OrderedDict', (args) => orderedDict(args, path));
  allow('torch._utils._rebuild_tensor', rebuildTensor);
  allow('torch._utils._rebuild_tensor_v2', rebuildTensor);
  allow('torch._utils._rebuild_parameter', ([data]) => {
    if (data instanceof TensorDescription) return data;
    throw new CheckpointError(`${path}: a parameter is rebuilt from something that is not a tensor`);
  });
  allow('torch.Size', ([sizes]) => sizes ?? []);
  // Protocol 2 has no opcode for bytes and writes them by this call.
  allow('_codecs.encode', ([text, encoding]) => {
    if (typeof text === 'string' && encoding === 'latin1') return new Uint8Array(Buffer.from(text, 'latin1'));
    throw new CheckpointError(`${path}: _codecs.encode with something other than text and 'latin1'`);
  });
  for (const [name, dtype] of Object.entries(dtypeOfStorage)) {
    globals.set(`torch.${name}`, new StorageType(`torch.${name}`, dtype));
  }
  return {
    findGlobal: (qualifiedName) => globals.get(qualifiedName),
    loadPersistent: (id) => describeStorage(id, path),
  };
}

function orderedDict(args: readonly unknown[], path: string): Map<unknown, unknown> {
  const [pairs = []] = args;
  const isPair = (pair: unknown): pair is [unknown, unknown] => Array.isArray(pair) && pair.length === 2;
  if (!Array.isArray(pairs) || !pairs.every(isPair)) {
    throw new CheckpointError(`${path}: an OrderedDict is built from something that is not pairs`);
  }
  return new Map(pairs);
}

/**
 * Reads a persistent id: ('storage', type, key, location, count) and in old files also None or (key, offset, count).
 */
function describeStorage(id: unknown, path: string): StorageDescription {
  const fields: unknown[] = Array.isArray(id) ? id : [];
  const [kind, type, key, , count, view = null] = fields;
  if (kind === 'module') {
    throw new CheckpointError(
      `${path}: holds a whole pickled module; save model.state_dict() instead of the model`,
    );
  }
  if (kind !== 'storage' || !(type instanceof StorageType) || typeof key !== 'string' || !isCount(count)) {
    throw new CheckpointError(`${path}: refers to a storage in a way that torch.save does not write`);
  }
  if (view === null) return new StorageDescription(key, { dtype: type.dtype, count, viewOffset: 0 });
  const [, viewOffset, viewCount]: unknown[] = Array.isArray(view) ? view : [];
  if (!isCount(viewOffset) || !isCount(viewCount) || viewOffset + viewCount > count) {
    throw new CheckpointError(`${path}: storage '${key}' has a view outside itself`);
  }
  return new StorageDescription(key, { dtype: type.dtype, count: viewCount, viewOffset });
}

/**
 * Reads the arguments of _rebuild_tensor and _rebuild_tensor_v2: storage, offset, size, stride, and some for training.
 */
function describeTensor(args: readonly unknown[], path: string): TensorDescription {
  const [storage, offset, shape, stride] = args;
  if (!(storage instanceof StorageDescription) || !isCount(offset)) {
    throw new CheckpointError(`${path}: a tensor is rebuilt from something that is not a storage`);
  }
  const where = `${path}: a tensor in storage '${storage.key}'`;
  if (!isCounts(shape) || !isCounts(stride) || shape.length !== stride.length) {
    throw new CheckpointError(`${where} has an invalid shape or stride; the file is damaged`);
  }
  if (elementCount(shape, { where }) > 0) {
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (stride[axis] ?? 0), offset);
    if (!(last < storage.elementCount)) {
      throw new CheckpointError(
        `${where} reaches element ${last} of ${storage.elementCount} (shape [${shape.join(', ')}], stride [${stride.join(', ')}])`,
      );
    }
  }
  return new TensorDescription(storage, { offset, shape, stride });
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Limits the dimensions to 64, PyTorch's own limit, so that a file cannot exhaust the reader. */
function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every(isCount);
}
