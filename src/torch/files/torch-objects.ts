/**
 * Lists what a pickle of PyTorch may name: storages, the functions that rebuild tensors from them, and OrderedDict. A
 * rebuilt tensor is only described; its elements are read later.
 */
import { CheckpointError } from '../../errors/index.js';
import type { DType } from '../dtype.js';
import { PickleGlobal, type PickleHost, UnreadObject } from './pickle.js';
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

/** Lists what PyTorch can store in the place of a plain tensor and this package cannot read, with the remedy. */
const unreadableTensors: Readonly<Record<string, string>> = {
  'torch._utils._rebuild_qtensor': 'a quantized tensor; save the weights before they are quantized',
  'torch._utils._rebuild_sparse_tensor': 'a sparse tensor; save tensor.to_dense()',
  'torch._utils._rebuild_sparse_csr_tensor': 'a sparse tensor; save tensor.to_dense()',
  'torch._utils._rebuild_nested_tensor': 'a nested tensor; save its parts',
  'torch._utils._rebuild_meta_tensor_no_storage':
    'a tensor without values (device meta); save it after loading',
  'torch._utils._rebuild_device_tensor_from_numpy': 'a tensor of another device; save tensor.cpu()',
  'torch._utils._rebuild_device_tensor_from_cpu_tensor': 'a tensor of another device; save tensor.cpu()',
  'torch._utils._rebuild_tensor_v3': 'a tensor of a type that is not read here; save tensor.float()',
  'torch._tensor._rebuild_from_type_v2':
    'a tensor of a class of its own; save tensor.as_subclass(torch.Tensor)',
};
const complex = 'complex numbers; weights are real';
const quantized = 'a quantized tensor; save the weights before they are quantized';
/** Lists storages of such tensors. */
const unreadableStorages: ReadonlyMap<string, string> = new Map([
  ...['ComplexFloatStorage', 'ComplexDoubleStorage', 'ComplexHalfStorage'].map(
    (name) => [name, complex] as const,
  ),
  ...['QInt8Storage', 'QUInt8Storage', 'QInt32Storage', 'QUInt4x2Storage'].map(
    (name) => [name, quantized] as const,
  ),
]);

/** Lists classes whose objects stand beside weights in training checkpoints. They are never run, see `UnreadObject`. */
const harmlessClasses: ReadonlySet<string> = new Set([
  ...['defaultdict', 'Counter', 'deque'].map((name) => `collections.${name}`),
  ...['scalar', '_reconstruct'].flatMap((name) => [
    `numpy.core.multiarray.${name}`,
    `numpy._core.multiarray.${name}`,
  ]),
  ...[
    'numpy.dtype',
    'numpy.ndarray',
    'argparse.Namespace',
    'types.SimpleNamespace',
    'decimal.Decimal',
    'uuid.UUID',
  ],
  ...['datetime', 'date', 'time', 'timedelta', 'timezone'].map((name) => `datetime.${name}`),
  ...['Path', 'PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath'].map(
    (name) => `pathlib.${name}`,
  ),
  ...[
    'set',
    'frozenset',
    'slice',
    'complex',
    'bytearray',
    'range',
    'list',
    'dict',
    'tuple',
    'object',
  ].flatMap((name) => [`builtins.${name}`, `__builtin__.${name}`]),
  ...['int', 'float', 'str', 'bool', 'bytes'].flatMap((name) => [`builtins.${name}`, `__builtin__.${name}`]),
  ...[
    'copyreg._reconstructor',
    'copy_reg._reconstructor',
    'torch.device',
    'torch.torch_version.TorchVersion',
  ],
  ...['float16', 'bfloat16', 'float32', 'float64', 'int8', 'uint8', 'int16', 'int32', 'int64', 'bool'].map(
    (name) => `torch.${name}`,
  ),
]);
/** Packages of configs and logs, of whose classes the same is true. */
const harmlessPackages =
  /^(omegaconf|mmengine|mmcv|yacs|easydict|addict|ml_collections|lightning|pytorch_lightning|numpy\.dtypes)\./;

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
  allow('torch._utils._rebuild_parameter_with_state', ([data]) => {
    if (data instanceof TensorDescription) return data;
    throw new CheckpointError(`${path}: a parameter is rebuilt from something that is not a tensor`);
  });
  for (const [name, what] of Object.entries(unreadableTensors)) {
    allow(name, () => {
      throw new CheckpointError(`${path}: holds ${what}`);
    });
  }
  for (const name of unreadableStorages.keys()) {
    globals.set(`torch.${name}`, new PickleGlobal(`torch.${name}`, null));
  }
  // Says in sparse tensors that they are, which their own function refuses.
  allow('torch.serialization._get_layout', () => null);
  for (const [name, dtype] of Object.entries(dtypeOfStorage)) {
    globals.set(`torch.${name}`, new StorageType(`torch.${name}`, dtype));
  }
  return {
    findGlobal: (qualifiedName) => globals.get(qualifiedName) ?? unreadClass(qualifiedName),
    loadPersistent: (id) => describeStorage(id, path),
  };
}

/** Returns the class of objects that are left unread; undefined for names that are refused. */
function unreadClass(qualifiedName: string): PickleGlobal | undefined {
  if (!harmlessClasses.has(qualifiedName) && !harmlessPackages.test(qualifiedName)) return undefined;
  return new PickleGlobal(qualifiedName, () => new UnreadObject(qualifiedName));
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
  const unreadable =
    type instanceof PickleGlobal ? unreadableStorages.get(type.name.slice('torch.'.length)) : null;
  if (unreadable) throw new CheckpointError(`${path}: holds ${unreadable}`);
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
  const [storage, offset, shape, stride, , , marks] = args;
  if (!(storage instanceof StorageDescription) || !isCount(offset)) {
    throw new CheckpointError(`${path}: a tensor is rebuilt from something that is not a storage`);
  }
  const where = `${path}: a tensor in storage '${storage.key}'`;
  // PyTorch's bits for "negated" and "conjugated", with which the stored values are not those of the tensor.
  if (marks instanceof Map && [...marks.values()].includes(true)) {
    throw new CheckpointError(
      `${where} is a negated or conjugated view; save tensor.resolve_neg().resolve_conj()`,
    );
  }
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
