/**
 * The part of the zip format that torch.save (>= 1.6) writes: a central directory of stored (uncompressed) entries,
 * zip64 included. Anything else (compression, encryption, several discs) is refused by name.
 */
import { crc32 } from 'node:zlib';
import { CheckpointError } from '../../errors/index.js';
import type { FileBytes } from './file-bytes.js';

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_BYTES = 56;
const CENTRAL_SIGNATURE = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const ZIP64_EXTRA = 0x0001;
const FULL_16 = 0xffff;
const FULL_32 = 0xffffffff;
/** Far above any checkpoint's (one entry per tensor); the directory is held in memory. */
const DIRECTORY_LIMIT = 256 * 1024 * 1024;

export interface ZipEntry {
  readonly name: string;
  readonly byteCount: number;
  readonly checksum: number;
  /** How its bytes are stored; 0 is plainly, and all that can be read. */
  readonly method: number;
  readonly headerOffset: number;
}

/** True when the file begins with a zip local header. */
export function looksLikeZip(file: FileBytes): boolean {
  if (file.size < END_BYTES) return false;
  return (
    new DataView(file.read(0, 4, { what: 'the beginning' }).buffer).getUint32(0, true) === LOCAL_SIGNATURE
  );
}

/** The entries by name. @throws CheckpointError when the directory is damaged or holds something unsupported. */
export function readZipEntries(file: FileBytes): Map<string, ZipEntry> {
  const directory = locateDirectory(file);
  if (directory.byteCount > DIRECTORY_LIMIT) throw damaged(file, 'its directory is impossibly large');
  const bytes = file.read(directory.offset, directory.byteCount, { what: 'the zip directory' });
  const view = new DataView(bytes.buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let index = 0; index < directory.entryCount; index += 1) {
    if (at + CENTRAL_BYTES > bytes.length || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      throw damaged(file, `directory entry ${index} is not where it should be`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const extraStart = at + CENTRAL_BYTES + nameLength;
    const next = extraStart + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) throw damaged(file, `directory entry ${index} is cut off`);
    const name = Buffer.from(bytes.buffer, at + CENTRAL_BYTES, nameLength).toString('utf8');
    if (entries.has(name)) throw damaged(file, `entry '${name}' appears twice`);
    const extra = new DataView(bytes.buffer, extraStart, extraLength);
    entries.set(name, centralEntry(file, { name, fields: new DataView(bytes.buffer, at), extra }));
    at = next;
  }
  return entries;
}

/** Where an entry's data begins; its local header is checked on the way. */
export function entryDataOffset(file: FileBytes, entry: ZipEntry): number {
  const what = `zip entry '${entry.name}'`;
  if (entry.method !== 0) {
    throw damaged(
      file,
      `entry '${entry.name}' is compressed, which torch.save never does; zip it again with -0`,
    );
  }
  const view = new DataView(file.read(entry.headerOffset, LOCAL_BYTES, { what }).buffer);
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE) throw damaged(file, `${what} is not where it should be`);
  const start = entry.headerOffset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + entry.byteCount > file.size) throw damaged(file, `${what} runs over the end of the file`);
  return start;
}

/**
 * Compares an entry's bytes with its checksum. A recorded 0 means that the writer left checksums out
 * (torch.serialization.set_crc32_options(False)).
 */
export function checkEntry(file: FileBytes, { entry, bytes }: { entry: ZipEntry; bytes: Uint8Array }): void {
  if (entry.checksum !== 0 && crc32(bytes) !== entry.checksum) {
    throw damaged(file, `the checksum of '${entry.name}' does not match its bytes`);
  }
}

function locateDirectory(file: FileBytes): { offset: number; byteCount: number; entryCount: number } {
  const tailStart = Math.max(0, file.size - END_BYTES - LONGEST_COMMENT);
  const tail = file.read(tailStart, file.size - tailStart, { what: 'the zip end record' });
  const view = new DataView(tail.buffer);
  for (let at = tail.length - END_BYTES; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    const entryCount = view.getUint16(at + 10, true);
    const byteCount = view.getUint32(at + 12, true);
    const offset = view.getUint32(at + 16, true);
    const isZip64 = entryCount === FULL_16 || byteCount === FULL_32 || offset === FULL_32;
    return isZip64 ? locateZip64Directory(file, tailStart + at) : { offset, byteCount, entryCount };
  }
  throw damaged(file, 'its end record is missing; it was probably not copied or downloaded whole');
}

function locateZip64Directory(
  file: FileBytes,
  endOffset: number,
): { offset: number; byteCount: number; entryCount: number } {
  const locatorOffset = endOffset - ZIP64_LOCATOR_BYTES;
  const locator = file.read(locatorOffset, ZIP64_LOCATOR_BYTES, { what: 'the zip64 locator' });
  const locatorView = new DataView(locator.buffer);
  if (locatorView.getUint32(0, true) !== ZIP64_LOCATOR_SIGNATURE) {
    throw damaged(file, 'its zip64 locator is missing');
  }
  const recordOffset = toNumber(file, locatorView.getBigUint64(8, true));
  const record = file.read(recordOffset, ZIP64_END_BYTES, { what: 'the zip64 end record' });
  const view = new DataView(record.buffer);
  if (view.getUint32(0, true) !== ZIP64_END_SIGNATURE) throw damaged(file, 'its zip64 end record is missing');
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
  // The zip64 extra field holds, in this order, exactly those values that did not fit in 32 bits.
  const large = zip64Values(extra);
  if (byteCount === FULL_32) byteCount = toNumber(file, large.shift());
  if (storedBytes === FULL_32) storedBytes = toNumber(file, large.shift());
  if (headerOffset === FULL_32) headerOffset = toNumber(file, large.shift());
  if (method === 0 && storedBytes !== byteCount)
    throw damaged(file, `entry '${name}' has two different sizes`);
  return { name, byteCount, checksum, method, headerOffset };
}

function zip64Values(extra: DataView): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = extra.getUint16(at + 2, true);
    const end = Math.min(at + 4 + length, extra.byteLength);
    if (extra.getUint16(at, true) === ZIP64_EXTRA) {
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
