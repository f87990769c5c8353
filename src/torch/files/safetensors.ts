/**
 * Reads and writes tensors in safetensors files, the format of this package's checkpoints. All dtypes keep their bits.
 */
import { CheckpointError } from '../../errors/index.js';
import { type AtomicWriteOptions, writeFileAtomically } from '../../files/index.js';
import type { Tensor } from '../tensor.js';
import { FileBytes } from './file-bytes.js';
import { encodeHeader, looksLikeSafetensors, readHeader } from './safetensors-header.js';
import { loadStoredTensors, type StoredTensor } from './stored-tensor.js';

/** Holds the contents of a safetensors file. */
export interface SafetensorsContents {
  /** Holds the tensors by name, on the CPU, in the order of the file's header. */
  tensors: Map<string, Tensor>;
  /** Holds texts that the writer stored beside the tensors. */
  metadata: Readonly<Record<string, string>>;
}

/**
 * Reads every tensor of a safetensors file.
 *
 * @throws {CheckpointError} naming the file, and the tensor that is truncated, overlaps another or has an unsupported
 *   dtype
 */
export function readSafetensors(path: string): SafetensorsContents {
  using file = new FileBytes(path);
  const { stored, metadata } = storedSafetensors(file);
  return { tensors: loadStoredTensors(stored), metadata };
}

/**
 * Reads the texts that the writer of a safetensors file stored beside the tensors; null for a file of another format.
 *
 * @throws {CheckpointError} naming the file when it is missing or its header is damaged
 */
export function readSafetensorsMetadata(path: string): Readonly<Record<string, string>> | null {
  using file = new FileBytes(path);
  return looksLikeSafetensors(file) ? readHeader(file).metadata : null;
}

/**
 * Checks the tensors of an open safetensors file without loading them.
 *
 * @throws {CheckpointError} when the header is not valid
 */
export function storedSafetensors(file: FileBytes): {
  stored: Map<string, StoredTensor>;
  metadata: Readonly<Record<string, string>>;
} {
  const { entries, metadata } = readHeader(file);
  const stored = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, offset, byteCount }] of entries) {
    const read = () => file.read(offset, byteCount, { what: `tensor '${name}'` });
    stored.set(name, { dtype, shape, read });
  }
  return { stored, metadata };
}

/**
 * Writes tensors of any device and memory format, row-major, and replaces the file at `path` atomically. It copies one
 * tensor at a time and waits for the device.
 *
 * @throws {FileError} naming the file when it cannot be written
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  { metadata = {}, ...writing }: AtomicWriteOptions & { metadata?: Readonly<Record<string, string>> } = {},
): void {
  const { header, dataOrder } = encodeHeader(tensors, { metadata });
  function* pieces(): Generator<Uint8Array> {
    yield header;
    for (const name of dataOrder) {
      const tensor = tensors.get(name);
      if (tensor === undefined)
        throw new CheckpointError(
          `${path}: expected tensor '${name}', but it was removed from the map while the file was written`,
        );
      yield tensor.toBytes();
    }
  }
  writeFileAtomically(path, pieces(), writing);
}
