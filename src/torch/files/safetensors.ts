/**
 * Tensors in safetensors files: what this project writes its checkpoints in, and reads anyone's weights from.
 * bfloat16 and float16 pass bit for bit.
 */
import { CheckpointError } from '../../errors/index.js';
import { writeFileAtomically } from '../../files/index.js';
import type { Tensor } from '../tensor.js';
import { FileBytes } from './file-bytes.js';
import { encodeHeader, readHeader } from './safetensors-header.js';
import { loadStoredTensors, type StoredTensor } from './stored-tensor.js';

export interface SafetensorsContents {
  /** On the CPU, in the order of the file's header. */
  tensors: Map<string, Tensor>;
  metadata: Readonly<Record<string, string>>;
}

/**
 * Reads every tensor of a safetensors file, one at a time.
 * @throws CheckpointError naming the file and tensor: truncated, overlapping, of an unsupported dtype, ...
 */
export function readSafetensors(path: string): SafetensorsContents {
  using file = new FileBytes(path);
  const { stored, metadata } = storedSafetensors(file);
  return { tensors: loadStoredTensors(stored), metadata };
}

/** The tensors of an open safetensors file, checked but not loaded. */
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
 * Writes `tensors` (any device and layout; stored row-major) to `path`, replacing it atomically.
 * Holds one tensor's bytes at a time beside the tensors themselves. Waits for the device.
 * @throws CheckpointError naming the file when it cannot be written.
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  { metadata = {} }: { metadata?: Readonly<Record<string, string>> } = {},
): void {
  const { header, dataOrder } = encodeHeader(tensors, { metadata });
  function* pieces(): Generator<Uint8Array> {
    yield header;
    for (const name of dataOrder) {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw new CheckpointError(`${path}: tensor '${name}' vanished while writing`);
      yield tensor.toBytes();
    }
  }
  writeFileAtomically(path, pieces());
}
