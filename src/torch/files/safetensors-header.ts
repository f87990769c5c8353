/**
 * Reads and writes the headers of safetensors files (https://github.com/huggingface/safetensors, "Format"). A header is
 * checked as strictly as by the reference implementation before any tensor is read: overlaps, holes and bytes that
 * belong to no tensor are errors.
 */
import { CheckpointError } from '../../errors/index.js';
import { shown } from '../../registry/internal.js';
import { type DType, elementSize } from '../dtype.js';
import type { FileBytes } from './file-bytes.js';
import { elementCount } from './stored-tensor.js';

/** Is the limit of the reference implementation; a longer header is hostile or of another format. */
const headerLimit = 100_000_000;
/** Is PyTorch's own limit. */
const mostDimensions = 64;
const metadataKey = '__metadata__';

const dtypeOfName: ReadonlyMap<string, DType> = new Map([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);
const nameOfDtype: ReadonlyMap<DType, string> = new Map(
  [...dtypeOfName].map(([name, dtype]): [DType, string] => [dtype, name]),
);

/** Describes a tensor in the file. */
interface SafetensorsEntry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Is the position in the file in bytes. */
  readonly offset: number;
  readonly byteCount: number;
}

/** Describes all tensors of a file. */
export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Tells whether a file begins as a safetensors file does: with a plausible header length, then `{`. */
export function looksLikeSafetensors(file: FileBytes): boolean {
  if (file.size < 10) return false;
  const start = file.read(0, 9, { what: 'the beginning' });
  const length = new DataView(start.buffer).getBigUint64(0, true);
  return length <= BigInt(headerLimit) && start[8] === 0x7b;
}

/**
 * Reads the header of a file.
 *
 * @throws {CheckpointError} naming the file, and the tensor whose entry is not valid
 */
export function readHeader(file: FileBytes): SafetensorsHeader {
  const length = headerLength(file);
  const text = decodeUtf8(file.read(8, length, { what: 'the safetensors header' }), file.path);
  const header = parseJsonObject(text, file.path);
  const dataStart = 8 + length;
  const entries = new Map<string, SafetensorsEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of header) {
    if (name === metadataKey) metadata = checkMetadata(value, file.path);
    else entries.set(name, checkEntry(value, { where: `${file.path}: tensor '${name}'`, dataStart }));
  }
  checkCoverage(entries, { path: file.path, dataStart, fileSize: file.size });
  return { entries, metadata };
}

/**
 * Returns the bytes of the header for tensors in the given order, and the order in which their data must follow:
 * largest elements first, so that every tensor is aligned to its element size. The header is padded to a multiple of 8
 * bytes.
 *
 * @throws {CheckpointError} when a tensor has the name that is reserved for metadata
 */
export function encodeHeader(
  tensors: ReadonlyMap<string, { readonly dtype: DType; readonly shape: readonly number[] }>,
  { metadata }: { metadata: Readonly<Record<string, string>> },
): { header: Uint8Array; dataOrder: string[] } {
  const dataOrder = [...tensors]
    .sort(([, a], [, b]) => elementSize(b.dtype) - elementSize(a.dtype))
    .map(([name]) => name);
  const offsets = new Map<string, [number, number]>();
  let position = 0;
  for (const name of dataOrder) {
    const tensor = tensors.get(name);
    if (tensor === undefined) continue;
    const end = position + elementCount(tensor.shape, { where: name }) * elementSize(tensor.dtype);
    offsets.set(name, [position, end]);
    position = end;
  }
  // Written member by member, as a JavaScript object would reorder names that look like numbers.
  const members = [...tensors].map(([name, { dtype, shape }]) => {
    if (name === metadataKey) throw new CheckpointError(`a tensor cannot be named ${metadataKey}`);
    const entry = { dtype: nameOfDtype.get(dtype), shape, data_offsets: offsets.get(name) };
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
  });
  if (Object.keys(metadata).length > 0) {
    members.unshift(`${JSON.stringify(metadataKey)}:${JSON.stringify(metadata)}`);
  }
  const json = Buffer.from(`{${members.join(',')}}`, 'utf8');
  const paddedLength = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(8 + paddedLength, 0x20);
  header.writeBigUInt64LE(BigInt(paddedLength), 0);
  json.copy(header, 8);
  return { header, dataOrder };
}

function headerLength(file: FileBytes): number {
  if (file.size < 8) {
    throw new CheckpointError(`${file.path}: expected a safetensors file, found only ${file.size} bytes`);
  }
  const length = new DataView(file.read(0, 8, { what: 'the header length' }).buffer).getBigUint64(0, true);
  if (length > BigInt(Math.min(headerLimit, file.size - 8))) {
    throw new CheckpointError(
      `${file.path}: the safetensors header claims ${length} bytes, but the file has ${file.size - 8} after its length; it is damaged or another format`,
    );
  }
  return Number(length);
}

function decodeUtf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CheckpointError(`${path}: the safetensors header is not UTF-8 text`, { cause });
  }
}

/** Parses a JSON object. JSON.parse silently keeps the last of two equal names, so the text is searched for those. */
function parseJsonObject(text: string, path: string): Map<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`${path}: the safetensors header is not valid JSON`, { cause });
  }
  if (!isObject(value)) throw new CheckpointError(`${path}: the safetensors header is not a JSON object`);
  const seen = new Set<string>();
  for (const name of topLevelNames(text)) {
    if (seen.has(name)) throw new CheckpointError(`${path}: tensor '${name}' appears twice in the header`);
    seen.add(name);
  }
  const members = value;
  return new Map([...seen].map((name): [string, unknown] => [name, members[name]]));
}

/** Walks the names of the outermost object of a valid JSON text, in order and with repetitions. */
function* topLevelNames(text: string): Generator<string> {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === '"') {
      const start = index;
      for (index += 1; text[index] !== '"'; index += 1) if (text[index] === '\\') index += 1;
      let next = index + 1;
      while (/\s/.test(text[next] ?? '')) next += 1;
      const isName = depth === 1 && text[next] === ':';
      if (isName) yield JSON.parse(text.slice(start, index + 1)) as string;
    }
  }
}

function checkMetadata(value: unknown, path: string): Record<string, string> {
  if (!isObject(value) || Object.values(value).some((item) => typeof item !== 'string')) {
    throw new CheckpointError(`${path}: ${metadataKey} should map strings to strings`);
  }
  return value as Record<string, string>;
}

function checkEntry(
  value: unknown,
  { where, dataStart }: { where: string; dataStart: number },
): SafetensorsEntry {
  if (!isObject(value)) throw new CheckpointError(`${where}: expected {dtype, shape, data_offsets}`);
  const { dtype: dtypeName, shape, data_offsets: offsets } = value;
  const dtype = typeof dtypeName === 'string' ? dtypeOfName.get(dtypeName) : undefined;
  if (dtype === undefined) {
    throw new CheckpointError(
      `${where}: dtype ${shown(dtypeName)} is not supported; expected one of ${[...dtypeOfName.keys()].join(', ')}`,
    );
  }
  if (!Array.isArray(shape)) throw new CheckpointError(`${where}: shape is missing`);
  if (shape.length > mostDimensions) {
    throw new CheckpointError(
      `${where}: expected at most ${mostDimensions} dimensions, found ${shape.length}`,
    );
  }
  const byteCount = elementCount(shape, { where }) * elementSize(dtype);
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isPosition(begin) || !isPosition(end) || end < begin) {
    throw new CheckpointError(`${where}: data_offsets ${shown(offsets)} are not [begin, end]`);
  }
  if (end - begin !== byteCount) {
    throw new CheckpointError(
      `${where}: ${dtypeName} [${shape.join(', ')}] needs ${byteCount} bytes, its offsets span ${end - begin}`,
    );
  }
  return { dtype, shape: shape as number[], offset: dataStart + begin, byteCount };
}

/** Checks that the tensors follow one another without overlap or hole, and end where the file ends. */
function checkCoverage(
  entries: ReadonlyMap<string, SafetensorsEntry>,
  { path, dataStart, fileSize }: { path: string; dataStart: number; fileSize: number },
): void {
  const byPosition = [...entries].sort(([, a], [, b]) => a.offset - b.offset || a.byteCount - b.byteCount);
  let position = dataStart;
  for (const [name, { offset, byteCount }] of byPosition) {
    if (offset !== position) {
      const problem = offset < position ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw new CheckpointError(
        `${path}: tensor '${name}' ${problem} (byte ${offset}, expected ${position})`,
      );
    }
    position += byteCount;
    if (position > fileSize) {
      throw new CheckpointError(
        `${path}: tensor '${name}' ends at byte ${position}, the file at ${fileSize}; it was not copied whole`,
      );
    }
  }
  if (position !== fileSize) {
    throw new CheckpointError(
      `${path}: has ${fileSize - position} bytes after the last tensor, where it should end`,
    );
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
