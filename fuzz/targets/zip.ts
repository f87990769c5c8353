/** Reads the directories of zip archives, and locates and checks every file in them. */

import { FileBytes } from '#torch/files/file-bytes.js';
import { checkEntry, entryDataOffset, readZipEntries } from '#torch/files/zip.js';
import { ScratchFile } from '../support/scratch-file.js';
import { outcomeOf } from '../support/target.js';
import { zipOf } from '../support/zip-file.js';

const scratch = new ScratchFile('input.zip');

/** Reads every entry of an archive. */
export async function fuzz(data: Uint8Array): Promise<void> {
  using file = new FileBytes(scratch.write(data));
  const entries = await outcomeOf(() => readZipEntries(file));
  if (!('value' in entries)) return;
  for (const entry of entries.value.values()) {
    await outcomeOf(() => {
      const offset = entryDataOffset(file, entry);
      const bytes = file.read(offset, entry.byteCount, { what: 'an entry' });
      checkEntry(file, { entry, bytes });
    });
  }
}

/** Returns archives of no, one and several files, and one with a comment. */
export function seeds(): Uint8Array[] {
  const text = Buffer.from('text');
  const archives = [
    zipOf(new Map()),
    zipOf(new Map([['a', text]])),
    zipOf(
      new Map([
        ['archive/data.pkl', text],
        ['archive/data/0', new Uint8Array(8)],
      ]),
    ),
  ];
  return [...archives, withZip64(archives[1] as Buffer)];
}

/** Returns the archive with a zip64 end record and locator before its end record. */
function withZip64(archive: Buffer): Buffer {
  const endAt = archive.length - 22;
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(archive.readUInt16LE(endAt + 10)), 32);
  record.writeBigUInt64LE(BigInt(archive.readUInt32LE(endAt + 12)), 40);
  record.writeBigUInt64LE(BigInt(archive.readUInt32LE(endAt + 16)), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(endAt), 8);
  const end = Buffer.from(archive.subarray(endAt));
  end.fill(0xff, 8, 20);
  return Buffer.concat([archive.subarray(0, endAt), record, locator, end]);
}

export const dictionary = [
  'PK\u0001\u0002',
  'PK\u0003\u0004',
  'PK\u0005\u0006',
  'PK\u0006\u0006',
  'PK\u0006\u0007',
];
