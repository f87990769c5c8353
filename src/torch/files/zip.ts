/**
 * Reads the part of the zip format that torch.save (PyTorch >= 1.6) writes: a central directory of uncompressed
 * entries, also in zip64. Compression and encryption are errors.
 */
import { crc32 } from 'node:zlib';
import { CheckpointError } from '../../errors/index.js';
import type { FileBytes } from './file-bytes.js';

const endSignature = 0x06054b50;
const endBytes = 22;
const longestComment = 0xffff;
const zip64LocatorSignature = 0x07064b50;
const zip64LocatorBytes = 20;
const zip64EndSignature = 0x06064b50;
const zip64EndBytes = 56;
const centralSignature = 0x02014b50;
const centralBytes = 46;
const localSignature = 0x04034b50;
const localBytes = 30;
const zip64Extra = 0x0001;
const largest16 = 0xffff;
const largest32 = 0xffffffff;
/** Limits the directory, which is held in memory. A checkpoint's has one entry per tensor and is far smaller. */
const directoryLimit = 256 * 1024 * 1024;

/** Describes a file in the archive. */
export interface ZipEntry {
  readonly name: string;
  readonly byteCount: number;
  /** Is the CRC-32 of the bytes, and 0 when the writer left it out. */
  readonly checksum: number;
  /** Is the compression method; only 0, uncompressed, can be read. */
  readonly method: number;
  readonly headerOffset: number;
}

/** Tells whether a file begins as a zip archive does. */
export function looksLikeZip(file: FileBytes): boolean {
  if (file.size < endBytes) return false;
  return (
    new DataView(file.read(0, 4, { what: 'the beginning' }).buffer).getUint32(0, true) === localSignature
  );
}

/**
 * Reads the entries of an archive by name.
 *
 * @throws {CheckpointError} when the directory is damaged or has encrypted entries
 */
export function readZipEntries(file: FileBytes): Map<string, ZipEntry> {
  const directory = locateDirectory(file);
  if (directory.byteCount > directoryLimit) throw damaged(file, 'its directory is impossibly large');
  const bytes = file.read(directory.offset, directory.byteCount, { what: 'the zip directory' });
  const view = new DataView(bytes.buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let index = 0; index < directory.entryCount; index += 1) {
    if (at + centralBytes > bytes.length || view.getUint32(at, true) !== centralSignature) {
      throw damaged(file, `directory entry ${index} is not where it should be`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const extraStart = at + centralBytes + nameLength;
    const next = extraStart + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) throw damaged(file, `directory entry ${index} is cut off`);
    const name = Buffer.from(bytes.buffer, at + centralBytes, nameLength).toString('utf8');
    if (entries.has(name)) throw damaged(file, `entry '${name}' appears twice`);
    const extra = new DataView(bytes.buffer, extraStart, extraLength);
    entries.set(name, centralEntry(file, { name, fields: new DataView(bytes.buffer, at), extra }));
    at = next;
  }
  return entries;
}

/**
 * Returns the position in the file at which the data of an entry begins.
 *
 * @throws {CheckpointError} when the entry is compressed, or its local header is damaged
 */
export function entryDataOffset(file: FileBytes, entry: ZipEntry): number {
  const what = `zip entry '${entry.name}'`;
  if (entry.method !== 0) {
    throw damaged(
      file,
      `entry '${entry.name}' is compressed, which torch.save never does; zip it again with -0`,
    );
  }
  const view = new DataView(file.read(entry.headerOffset, localBytes, { what }).buffer);
  if (view.getUint32(0, true) !== localSignature) throw damaged(file, `${what} is not where it should be`);
  const start = entry.headerOffset + localBytes + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + entry.byteCount > file.size) throw damaged(file, `${what} runs over the end of the file`);
  return start;
}

/**
 * Compares the bytes of an entry with its checksum. A checksum of 0 is not compared, as
 * torch.serialization.set_crc32_options(False) leaves checksums out.
 *
 * @throws {CheckpointError} when they differ
 */
export function checkEntry(file: FileBytes, { entry, bytes }: { entry: ZipEntry; bytes: Uint8Array }): void {
  if (entry.checksum !== 0 && crc32(bytes) !== entry.checksum) {
    throw damaged(file, `the checksum of '${entry.name}' does not match its bytes`);
  }
}

function locateDirectory(file: FileBytes): { offset: number; byteCount: number; entryCount: number } {
  const tailStart = Math.max(0, file.size - endBytes - longestComment);
  const tail = file.read(tailStart, file.size - tailStart, { what: 'the zip end record' });
  const view = new DataView(tail.buffer);
  for (let at = tail.length - endBytes; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== endSignature) continue;
    const entryCount = view.getUint16(at + 10, true);
    const byteCount = view.getUint32(at + 12, true);
    const offset = view.getUint32(at + 16, true);
    const isZip64 = entryCount === largest16 || byteCount === largest32 || offset === largest32;
    return isZip64 ? locateZip64Directory(file, tailStart + at) : { offset, byteCount, entryCount };
  }
  throw damaged(file, 'its end record is missing; it was probably not copied or downloaded whole');
}

function locateZip64Directory(
  file: FileBytes,
  endOffset: number,
): { offset: number; byteCount: number; entryCount: number } {
  const locatorOffset = endOffset - zip64LocatorBytes;
  const locator = file.read(locatorOffset, zip64LocatorBytes, { what: 'the zip64 locator' });
  const locatorView = new DataView(locator.buffer);
  if (locatorView.getUint32(0, true) !== zip64LocatorSignature) {
    throw damaged(file, 'its zip64 locator is missing');
  }
  const recordOffset = toNumber(file, locatorView.getBigUint64(8, true));
  const record = file.read(recordOffset, zip64EndBytes, { what: 'the zip64 end record' });
  const view = new DataView(record.buffer);
  if (view.getUint32(0, true) !== zip64EndSignature) throw damaged(file, 'its zip64 end record is missing');
  return {
    entryCount: toNumber(file, view.getBigUint64(32, true)),
    byteCount: toNumber(file, view.getBigUint64(40, true)),
    offset: toNumber(file, view.getBigUint64(48, true)),
  };
}

function centralEntry(
  file: FileBytes,
  { name, fields, extra }: { name: string; fields: DataView; extra: DataView },
): ZipEntry {
  if ((fields.getUint16(8, true) & 1) !== 0) throw damaged(file, `entry '${name}' is encrypted`);
  const method = fields.getUint16(10, true);
  const checksum = fields.getUint32(16, true);
  let storedBytes = fields.getUint32(20, true);
  let byteCount = fields.getUint32(24, true);
  let headerOffset = fields.getUint32(42, true);
  // The zip64 extra field holds those values that do not fit in 32 bits, in this order.
  const large = zip64Values(extra);
  if (byteCount === largest32) byteCount = toNumber(file, large.shift());
  if (storedBytes === largest32) storedBytes = toNumber(file, large.shift());
  if (headerOffset === largest32) headerOffset = toNumber(file, large.shift());
  if (method === 0 && storedBytes !== byteCount)
    throw damaged(file, `entry '${name}' has two different sizes`);
  return { name, byteCount, checksum, method, headerOffset };
}

function zip64Values(extra: DataView): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = extra.getUint16(at + 2, true);
    const end = Math.min(at + 4 + length, extra.byteLength);
    if (extra.getUint16(at, true) === zip64Extra) {
      for (let value = at + 4; value + 8 <= end; value += 8) values.push(extra.getBigUint64(value, true));
    }
    at += 4 + length;
  }
  return values;
}

function toNumber(file: FileBytes, value: bigint | undefined): number {
  if (value === undefined || value > BigInt(file.size)) {
    throw damaged(file, 'it names a position beyond its end');
  }
  return Number(value);
}

function damaged(file: FileBytes, detail: string): CheckpointError {
  return new CheckpointError(`${file.path}: not a readable zip checkpoint: ${detail}`);
}
