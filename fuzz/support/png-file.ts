/** Builds PNG files from the bytes of a fuzzer, so that mutations reach behind checksums and compression. */

import { crc32, deflateSync } from 'node:zlib';

const signature = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const headerBytes = 13;

/** Returns a chunk with its length and checksum. */
function chunk(name: string, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + content.length);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(name, 4, 'latin1');
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length);
  return bytes;
}

/** Returns the file with the checksum of every chunk made right, as far as its chunks can be followed. */
export function withChecksums(file: Uint8Array): Uint8Array {
  const bytes = Buffer.from(file);
  for (let at = signature.length; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (at + 12 + length > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, at + 8 + length)), at + 8 + length);
    at += 12 + length;
  }
  return bytes;
}

/** Configures `pngOf`. */
export interface PngParts {
  /** Holds the 13 bytes of the header: width, height, depth, color type, compression, filter, interlacing. */
  readonly header: Uint8Array;
  /** Holds the rows, each after the byte that names its filter; they are compressed. */
  readonly rows: Uint8Array;
  readonly palette?: Uint8Array;
  /** Is the number of chunks over which the compressed rows are spread. */
  readonly partCount?: number;
}

/** Returns a file of these parts. */
export function pngOf({ header, rows, palette, partCount = 1 }: PngParts): Buffer {
  const pixels = deflateSync(rows);
  const partBytes = Math.ceil(pixels.length / partCount);
  const parts = Array.from({ length: partCount }, (_, part) =>
    chunk('IDAT', pixels.subarray(part * partBytes, (part + 1) * partBytes)),
  );
  const colors = palette === undefined ? [] : [chunk('PLTE', palette)];
  return Buffer.concat([
    signature,
    chunk('IHDR', header.subarray(0, headerBytes)),
    ...colors,
    ...parts,
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** Returns the 13 bytes of a header. */
export function pngHeader({
  width,
  height,
  depth,
  colorType,
  interlaced = false,
}: {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colorType: number;
  readonly interlaced?: boolean;
}): Uint8Array {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType, 0, 0, interlaced ? 1 : 0], 8);
  return header;
}
