/**
 * Reads PyTorch checkpoints (`.pth`, `.pt`): the zip container of PyTorch >= 1.6 and the older plain container, which
 * the first weights of torchvision and mmsegmentation use. The formats are those of torch/serialization.py. No code
 * from a file is executed.
 */
import { CheckpointError } from '../../errors/index.js';
import { shown } from '../../registry/internal.js';
import { elementSize } from '../dtype.js';
import { ByteCursor } from './byte-cursor.js';
import type { FileBytes } from './file-bytes.js';
import { unpickle } from './pickle.js';
import { elementCount, type StoredTensor } from './stored-tensor.js';
import { gatherStrided, isRowMajor } from './strided.js';
import { type StorageDescription, type TensorDescription, torchPickleHost } from './torch-objects.js';
import { checkEntry, entryDataOffset, readZipEntries, type ZipEntry } from './zip.js';

/** Holds the object in a checkpoint, in which tensors are only described. */
export interface PthContents {
  readonly root: unknown;
  /** Locates the elements of a described tensor; `name` is for error messages. */
  readonly store: (tensor: TensorDescription, name: string) => StoredTensor;
}

/** Locates the elements of a storage in the file, in bytes. */
interface StorageLocation {
  readonly offset: number;
  readonly byteCount: number;
  /** Compares the bytes of the whole storage with their checksum. */
  readonly check?: (bytes: Uint8Array) => void;
}

const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;
const pickleProto = 0x80;

/**
 * Tensors can repeat the elements of a storage, but a few kilobytes must not become gigabytes. All tensors of a file
 * together may take this many times its size, plus an allowance for small files with expanded constants.
 */
const expansionLimit = 16;
const expansionAllowance = 64 * 1024 * 1024;

/**
 * Reads the object in a zip checkpoint.
 *
 * @throws {CheckpointError} when the file is damaged, is a TorchScript program, or holds anything but weights
 */
export function readZipCheckpoint(file: FileBytes): PthContents {
  const entries = readZipEntries(file);
  const pickleEntry = [...entries.values()].find(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickleEntry === undefined) {
    throw new CheckpointError(
      `${file.path}: expected a PyTorch checkpoint, found a zip file without data.pkl; if the checkpoint is inside, unpack it`,
    );
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

/** Tells whether a file looks like a checkpoint of PyTorch before 1.6, which is a sequence of pickles. */
export function looksLikePickle(file: FileBytes): boolean {
  return file.size > 2 && file.read(0, 1, { what: 'the beginning' })[0] === pickleProto;
}

/**
 * Reads the object in a checkpoint of PyTorch before 1.6: four pickles, the list of storage keys, then each storage
 * after its length.
 *
 * @throws {CheckpointError} when the file is damaged or holds anything but weights
 */
export function readLegacyCheckpoint(file: FileBytes): PthContents {
  const cursor = new ByteCursor(file, { start: 0, end: file.size, what: 'the pickled checkpoint' });
  const host = torchPickleHost(file.path);
  if (unpickle(cursor, { host }) !== legacyMagic) {
    throw new CheckpointError(
      `${file.path}: expected a PyTorch checkpoint, found another Python pickle; save tensors by torch.save`,
    );
  }
  const protocol = unpickle(cursor, { host });
  if (protocol !== legacyProtocol) {
    throw new CheckpointError(
      `${file.path}: checkpoint protocol ${shown(protocol)}, expected ${legacyProtocol}`,
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
        `${file.path}: lists storage ${shown(key)} twice, or without a tensor that uses it; the file is damaged`,
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

/** Returns a function that locates described tensors in the file, with one limit on the bytes of all of them. */
function tensorStore(
  file: FileBytes,
  locate: (storage: StorageDescription) => StorageLocation,
): PthContents['store'] {
  let budget = expansionLimit * file.size + expansionAllowance;
  return (tensor, name) => {
    const { storage, shape, stride } = tensor;
    const where = `${file.path}: tensor '${name}'`;
    const elementBytes = elementSize(storage.dtype);
    const count = elementCount(shape, { where });
    budget -= count * elementBytes;
    if (budget < 0) {
      throw new CheckpointError(
        `${where} would make the tensors of the file far larger than its ${file.size} bytes; the file is damaged or hostile`,
      );
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
