/**
 * Decodes BMP files, which sharp does not: palettes of 1, 4 and 8 bits, also run-length encoded, 16 and 32 bits with any
 * masks, and 24 bits; from OS/2 1.x headers to version 5. A tested package for all of these was not found.
 */

import type { Size } from './size.js';

/** Holds a decoded BMP. */
export interface BmpImage extends Size {
  /** Is 4 where the file has a mask for alpha, and 3 otherwise. */
  readonly channels: 3 | 4;
  /** Holds the pixels [height, width, channels]. */
  readonly pixels: Uint8Array;
}

const compressions = { none: 0, runs8: 1, runs4: 2, masks: 3, masksWithAlpha: 6 } as const;
const coreHeader = 12;
/** Limits images whose file may be tiny, as sharp does. */
const mostPixels = 0x3fff ** 2;

interface BmpHeader extends Size {
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Gives the place of the palette. */
  readonly palette: { readonly start: number; readonly colors: number; readonly entryBytes: 3 | 4 };
  /** Gives the masks of red, green, blue and alpha. */
  readonly masks: readonly [number, number, number, number];
  /** Gives the place of the pixels. */
  readonly pixels: number;
}

/**
 * Reads size and channels of a BMP from its first bytes.
 *
 * @throws {Error} when the header is damaged
 */
export function bmpForm(bytes: Uint8Array): Omit<BmpImage, 'pixels'> {
  const view = viewOf(bytes);
  const { width, height, masks } = { ...sizeIn(view), ...formIn(view) };
  return { width, height, channels: channelsOf(masks) };
}

/**
 * Decodes a BMP.
 *
 * @throws {Error} when it is damaged or cut off, or has a form that no BMP of pixels has
 */
export function decodeBmp(bytes: Uint8Array): BmpImage {
  const view = viewOf(bytes);
  const header: BmpHeader = { ...sizeIn(view), ...formIn(view) };
  const { bits, compression, palette } = header;
  const pastPalette = palette.start + palette.colors * palette.entryBytes;
  if (Math.max(header.pixels, pastPalette) > bytes.length) throw new Error('the BMP is cut off');
  if (compression === compressions.runs8 || compression === compressions.runs4) {
    return inColors(header, { indices: decodeRuns(bytes, header), bytes });
  }
  const { none, masks, masksWithAlpha } = compressions;
  if (compression !== none && compression !== masks && compression !== masksWithAlpha) {
    throw new Error(`compression ${compression} of a BMP is not supported`);
  }
  const rowBytes = Math.ceil((header.width * bits) / 32) * 4;
  if (header.pixels + rowBytes * header.height > bytes.length) throw new Error('the BMP is cut off');
  if (bits <= 8) return inColors(header, { indices: unpackIndices(bytes, { header, rowBytes }), bytes });
  return unpackColors(bytes, { header, rowBytes });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function sizeIn(view: DataView): Size & { readonly topDown: boolean } {
  if (view.byteLength < 26) throw new Error('the BMP is cut off');
  const isCore = view.getUint32(14, true) === coreHeader;
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const height = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  if (width <= 0 || height === 0) throw new Error(`the BMP states a size of ${width}×${height}`);
  return { width, height: Math.abs(height), topDown: height < 0 };
}

function channelsOf(masks: BmpHeader['masks']): 3 | 4 {
  return masks[3] === 0 ? 3 : 4;
}

/** Reads everything that the header says beside the size. */
function formIn(view: DataView): Omit<BmpHeader, keyof Size | 'topDown'> {
  const headerBytes = view.getUint32(14, true);
  const isCore = headerBytes === coreHeader;
  if (Math.max(26, 14 + headerBytes) > view.byteLength) throw new Error('the BMP is cut off');
  const bits = view.getUint16(isCore ? 24 : 28, true);
  if (![1, 4, 8, 16, 24, 32].includes(bits))
    throw new Error(`${bits} bits a pixel are not supported in a BMP`);
  const compression = isCore ? compressions.none : view.getUint32(30, true);
  const used = isCore ? 0 : view.getUint32(46, true);
  // A header of 40 bytes is followed by the masks; a longer one holds them.
  const masksBehind =
    headerBytes > 40
      ? 0
      : compression === compressions.masks
        ? 3
        : compression === compressions.masksWithAlpha
          ? 4
          : 0;
  if (54 + 4 * masksBehind > view.byteLength && !isCore) throw new Error('the BMP is cut off');
  const pixels = view.getUint32(10, true);
  const colors = bits <= 8 ? Math.min(used || 2 ** bits, 2 ** bits) : 0;
  const palette = {
    start: 14 + headerBytes + 4 * masksBehind,
    colors,
    entryBytes: (isCore ? 3 : 4) as 3 | 4,
  };
  const stated = compression === compressions.masks || compression === compressions.masksWithAlpha;
  const mask = (place: number) => view.getUint32(54 + 4 * place, true);
  const alphaMask = headerBytes >= 56 || masksBehind === 4;
  const masks: BmpHeader['masks'] = stated
    ? [mask(0), mask(1), mask(2), alphaMask ? mask(3) : 0]
    : bits === 16
      ? [0x7c00, 0x3e0, 0x1f, 0]
      : [0xff0000, 0xff00, 0xff, 0];
  return { bits, compression, palette, masks, pixels };
}

/** Returns the row of the image that the file's row shows; most files begin with the lowest. */
function rowOf(row: number, { topDown, height }: BmpHeader): number {
  return topDown ? row : height - 1 - row;
}

function unpackIndices(
  bytes: Uint8Array,
  { header, rowBytes }: { readonly header: BmpHeader; readonly rowBytes: number },
): Uint8Array {
  const { width, height, bits, pixels } = header;
  const indices = new Uint8Array(width * height);
  const mask = (1 << bits) - 1;
  for (let row = 0; row < height; row++) {
    const source = pixels + row * rowBytes;
    const target = rowOf(row, header) * width;
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      indices[target + x] = ((bytes[source + (bit >> 3)] as number) >> (8 - bits - (bit & 7))) & mask;
    }
  }
  return indices;
}

/** Decodes run-length encoded indices: pairs of count and value, and after a count of 0 an order or a list of values. */
function decodeRuns(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const { width, height, compression } = header;
  if (width * height > mostPixels) throw new Error(`the BMP states a size of ${width}×${height}`);
  if (header.bits !== (compression === compressions.runs8 ? 8 : 4)) {
    throw new Error('the BMP has runs of another number of bits than its pixels');
  }
  const indices = new Uint8Array(width * height);
  const isByte = compression === compressions.runs8;
  let [at, x, row] = [header.pixels, 0, 0];
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error('the BMP is cut off');
    return byte;
  };
  const put = (index: number): void => {
    if (x < width && row < height) indices[rowOf(row, header) * width + x] = index;
    x++;
  };
  while (row < height) {
    const [count, value] = [next(), next()];
    if (count > 0) {
      for (let place = 0; place < count; place++) {
        put(isByte ? value : place % 2 === 0 ? value >> 4 : value & 15);
      }
    } else if (value === 0) [x, row] = [0, row + 1];
    else if (value === 1) break;
    else if (value === 2) [x, row] = [x + next(), row + next()];
    else {
      const start = at;
      for (let place = 0; place < value; place += isByte ? 1 : 2) {
        const byte = next();
        put(isByte ? byte : byte >> 4);
        if (!isByte && place + 1 < value) put(byte & 15);
      }
      // A list is filled up to a whole number of words.
      at += (at - start) % 2;
    }
  }
  return indices;
}

function inColors(
  { width, height, palette }: BmpHeader,
  { indices, bytes }: { readonly indices: Uint8Array; readonly bytes: Uint8Array },
): BmpImage {
  const pixels = new Uint8Array(3 * indices.length);
  for (const [pixel, index] of indices.entries()) {
    if (index >= palette.colors) {
      throw new Error(`the BMP has color ${index}, but a palette of ${palette.colors}`);
    }
    const entry = palette.start + index * palette.entryBytes;
    for (const channel of [0, 1, 2]) pixels[3 * pixel + channel] = bytes[entry + 2 - channel] as number;
  }
  return { width, height, channels: 3, pixels };
}

function unpackColors(
  bytes: Uint8Array,
  { header, rowBytes }: { readonly header: BmpHeader; readonly rowBytes: number },
): BmpImage {
  const { width, height, bits, masks } = header;
  const channels = channelsOf(masks);
  const fields = masks.slice(0, channels).map(fieldOf);
  const pixels = new Uint8Array(channels * width * height);
  const view = viewOf(bytes);
  for (let row = 0; row < height; row++) {
    let source = header.pixels + row * rowBytes;
    let target = rowOf(row, header) * width * channels;
    for (let x = 0; x < width; x++, source += bits / 8) {
      const word =
        bits === 16
          ? view.getUint16(source, true)
          : bits === 32
            ? view.getUint32(source, true)
            : view.getUint16(source, true) | (view.getUint8(source + 2) << 16);
      for (const { shift, most } of fields) {
        pixels[target++] = most === 0 ? 0 : Math.floor((((word >>> shift) & most) * 255) / most);
      }
    }
  }
  return { width, height, channels, pixels };
}

/** Returns how far a mask's field is shifted, and its greatest value. */
function fieldOf(mask: number): { readonly shift: number; readonly most: number } {
  if (mask === 0) return { shift: 0, most: 0 };
  const shift = 31 - Math.clz32(mask & -mask);
  return { shift, most: mask >>> shift };
}
