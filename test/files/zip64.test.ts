/** Checks that checkpoints in zip64 archives are read. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStateDict } from 'coarsely/torch';
import { expect, test } from 'vitest';
import { disposeAll, expectedTensors, expectTensors, fixture, scratchFolder } from './checkpoints.js';

const END_BYTES = 22;

/**
 * Rewrites an archive with every size and position in 64-bit fields, as zip writers do beyond 4 GiB: the central
 * directory, a zip64 end record, its locator, and an end record that only points there.
 */
function asZip64(bytes: Buffer): Buffer {
  // torch.save ends every archive with a zip64 record, but this test needs only the plain end record.
  const end = bytes.lastIndexOf(Buffer.from('504b0506', 'hex'));
  const count = bytes.readUInt16LE(end + 10);
  const directoryStart = bytes.readUInt32LE(end + 16);
  const directory: Buffer[] = [];
  let at = directoryStart;
  for (let index = 0; index < count; index += 1) {
    const nameLength = bytes.readUInt16LE(at + 28);
    const skipped = bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    const entry = Buffer.from(bytes.subarray(at, at + 46 + nameLength));
    const extra = Buffer.alloc(28);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(entry.readUInt32LE(24)), 4);
    extra.writeBigUInt64LE(BigInt(entry.readUInt32LE(20)), 12);
    extra.writeBigUInt64LE(BigInt(entry.readUInt32LE(42)), 20);
    for (const field of [20, 24, 42]) entry.writeUInt32LE(0xffffffff, field);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt16LE(0, 32);
    directory.push(entry, extra);
    at += 46 + nameLength + skipped;
  }
  const body = bytes.subarray(0, directoryStart);
  const directoryBytes = Buffer.concat(directory);
  const record = Buffer.alloc(56);
  record.write('504b0606', 'hex');
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(directoryBytes.length), 40);
  record.writeBigUInt64LE(BigInt(body.length), 48);
  const locator = Buffer.alloc(20);
  locator.write('504b0607', 'hex');
  locator.writeBigUInt64LE(BigInt(body.length + directoryBytes.length), 8);
  locator.writeUInt32LE(1, 16);
  const newEnd = Buffer.alloc(END_BYTES, 0xff);
  newEnd.write('504b0506', 'hex');
  newEnd.writeUInt32LE(0, 4);
  newEnd.writeUInt16LE(0, 20);
  return Buffer.concat([body, directoryBytes, record, locator, newEnd]);
}

test('an archive with 64-bit sizes and positions', () => {
  const path = join(scratchFolder(), 'large.pth');
  writeFileSync(path, asZip64(readFileSync(fixture('2.13', 'zip.pth'))));
  const { tensors } = readStateDict(path);
  expectTensors(tensors, expectedTensors('2.13'));
  disposeAll(tensors);
});

test('a zip64 position beyond the file is refused', () => {
  const bytes = asZip64(readFileSync(fixture('2.13', 'zip.pth')));
  bytes.writeBigUInt64LE(2n ** 63n, bytes.length - END_BYTES - 12);
  const path = join(scratchFolder(), 'large.pth');
  writeFileSync(path, bytes);
  expect(() => readStateDict(path)).toThrow(/a position beyond its end/);
});
