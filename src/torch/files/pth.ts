/**
 * PyTorch checkpoints (`.pth`, `.pt`): the zip container of torch >= 1.6 and the older plain one, which torchvision's
 * and mmsegmentation's first weights use. Format as in torch/serialization.py; nothing of it is executed.
 */
import { CheckpointError } from '../../errors/index.js';
import { elementSize } from '../dtype.js';
import { ByteCursor } from './byte-cursor.js';
import type { FileBytes } from './file-bytes.js';
import { unpickle } from './pickle.js';
import { elementCount, type StoredTensor } from './stored-tensor.js';
import { gatherStrided, isRowMajor } from './strided.js';
import { type StorageDescription, type TensorDescription, torchPickleHost } from './torch-objects.js';
import { checkEntry, entryDataOffset, readZipEntries, type ZipEntry } from './zip.js';

/** The object a checkpoint holds, its tensors described, and the way to a tensor's elements. */
export interface PthContents {
  readonly root: unknown;
  readonly store: (tensor: TensorDescription, name: string) => StoredTensor;
}

/** Where a storage's elements lie in the file. */
interface StorageLocation {
  readonly offset: number;
  readonly byteCount: number;
  /** Checks bytes against a recorded checksum, when they are the whole storage. */
  readonly check?: (bytes: Uint8Array) => void;
}

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;
const PICKLE_PROTO = 0x80;

/**
 * Views of one storage may repeat it, but a few kilobytes must not unfold into gigabytes: all tensors of a file
 * together may take this many times its size, and an allowance for small files with expanded constants.
 */
const UNFOLDING_LIMIT = 16;
const UNFOLDING_ALLOWANCE = 64 * 1024 * 1024;

/** Reads a zip checkpoint's object. @throws CheckpointError */
export function readZipCheckpoint(file: FileBytes): PthContents {
  const entries = readZipEntries(file);
  const pickleEntry = [...entries.values()].find(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickleEntry === undefined) {
    throw new CheckpointError(`${file.path}: a zip file without data.pkl is not a PyTorch checkpoint`);
  }
  const folder = pickleEntry.name.slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw new CheckpointError(
      `${file.path}: is a TorchScript program, not weights; save model.state_dict() instead`,
    );
  }
  checkByteOrder(file, entries.get(`${folder}byteorder`));
  const start = entryDataOffset(file, pickleEntry);
  const cursor = new ByteCursor(file, { start, end: start + pickleEntry.byteCount, what: pickleEntry.name });
  const root = unpickle(cursor, { host: torchPickleHost(file.path) });
  const locate = ({ key }: StorageDescription): StorageLocation => {
    const entry = entries.get(`${folder}data/${key}`);
    if (entry === undefined) throw new CheckpointError(`${file.path}: storage '${key}' is missing`);
    return {
      offset: entryDataOffset(file, entry),
      byteCount: entry.byteCount,
      check: (bytes) => checkEntry(file, { entry, bytes }),
    };
  };
  return { root, store: tensorStore(file, locate) };
}

/** True for the container that torch wrote before 1.6: a sequence of pickles. */
export function looksLikePickle(file: FileBytes): boolean {
  return file.size > 2 && file.read(0, 1, { what: 'the beginning' })[0] === PICKLE_PROTO;
}

/** Reads a non-zip checkpoint: four pickles, the list of storage keys, then each storage after its length. */
export function readLegacyCheckpoint(file: FileBytes): PthContents {
  const cursor = new ByteCursor(file, { start: 0, end: file.size, what: 'the pickled checkpoint' });
  const host = torchPickleHost(file.path);
  if (unpickle(cursor, { host }) !== LEGACY_MAGIC) {
    throw new CheckpointError(`${file.path}: is a Python pickle, but not a PyTorch checkpoint`);
  }
  const protocol = unpickle(cursor, { host });
  if (protocol !== LEGACY_PROTOCOL) {
    throw new CheckpointError(
      `${file.path}: checkpoint protocol ${String(protocol)}, expected ${LEGACY_PROTOCOL}`,
    );
  }
  const system = unpickle(cursor, { host });
  if (system instanceof Map && system.get('little_endian') === false) throw bigEndian(file);
  const storages = new Map<string, StorageDescription>();
  const recording = {
    findGlobal: host.findGlobal,
    loadPersistent: (id: unknown) => {
      const storage = host.loadPersistent(id) as StorageDescription;
      if (!storages.has(storage.key)) storages.set(storage.key, storage);
      return storage;
    },
  };
  const root = unpickle(cursor, { host: recording });
  const keys = unpickle(cursor, { host });
  if (!Array.isArray(keys)) throw new CheckpointError(`${file.path}: the list of storages is missing`);
  const locations = new Map<string, StorageLocation>();
  let position = cursor.position;
  for (const key of keys) {
    const storage = storages.get(key as string);
    if (storage === undefined || locations.has(storage.key)) {
      throw new CheckpointError(
        `${file.path}: lists storage '${String(key)}', which no tensor uses, or twice`,
      );
    }
    const what = `storage '${storage.key}'`;
    const length = new DataView(file.read(position, 8, { what }).buffer).getBigInt64(0, true);
    const byteCount = Number(length) * elementSize(storage.dtype);
    if (length < 0n || position + 8 + byteCount > file.size) {
      throw new CheckpointError(
        `${file.path}: ${what} of ${length} elements runs over the end of the file; it was not copied whole`,
      );
    }
    locations.set(storage.key, { offset: position + 8, byteCount });
    position += 8 + byteCount;
  }
  const locate = ({ key }: StorageDescription): StorageLocation => {
    const location = locations.get(key);
    if (location === undefined) throw new CheckpointError(`${file.path}: storage '${key}' is missing`);
    return location;
  };
  return { root, store: tensorStore(file, locate) };
}

/** Binds descriptions to the file, within one budget of bytes for all the tensors asked for. */
function tensorStore(
  file: FileBytes,
  locate: (storage: StorageDescription) => StorageLocation,
): PthContents['store'] {
  let budget = UNFOLDING_LIMIT * file.size + UNFOLDING_ALLOWANCE;
  return (tensor, name) => {
    const { storage, shape, stride } = tensor;
    const where = `${file.path}: tensor '${name}'`;
    const elementBytes = elementSize(storage.dtype);
    const count = elementCount(shape, { where });
    budget -= count * elementBytes;
    if (budget < 0) {
      throw new CheckpointError(`${where} unfolds the file to far more than its ${file.size} bytes`);
    }
    const location = locate(storage);
    const first = storage.viewOffset + tensor.offset;
    const rowMajor = isRowMajor(shape, stride);
    const span = shape.reduce((sum, size, axis) => sum + (size - 1) * (stride[axis] ?? 0), 1);
    const spanned = count === 0 ? 0 : rowMajor ? count : span;
    if ((first + spanned) * elementBytes > location.byteCount) {
      throw new CheckpointError(
        `${where} needs element ${first + spanned - 1} of storage '${storage.key}', which has ${location.byteCount / elementBytes}`,
      );
    }
    const read = (): Uint8Array<ArrayBuffer> => {
      const bytes = file.read(location.offset + first * elementBytes, spanned * elementBytes, {
        what: where,
      });
      if (bytes.length === location.byteCount) location.check?.(bytes);
      return rowMajor || count === 0 ? bytes : gatherStrided(bytes, { shape, stride, elementBytes });
    };
    return { dtype: storage.dtype, shape, read };
  };
}

function checkByteOrder(file: FileBytes, entry: ZipEntry | undefined): void {
  if (entry === undefined || entry.byteCount > 16) return;
  const bytes = file.read(entryDataOffset(file, entry), entry.byteCount, { what: 'byteorder' });
  if (Buffer.from(bytes).toString('latin1') === 'big') throw bigEndian(file);
}

function bigEndian(file: FileBytes): CheckpointError {
  return new CheckpointError(
    `${file.path}: was written on a big-endian machine, which is not supported; save it again on a little-endian one`,
  );
}
