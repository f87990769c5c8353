/** The first bytes of a PNG: enough to know its size and encoding without decoding it. */

/** How the pixels of a PNG are stored. */
export type PngColor = 'gray' | 'rgb' | 'palette' | 'gray-alpha' | 'rgb-alpha';

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits for each channel, or for each palette index. */
  readonly depth: number;
  readonly color: PngColor;
}

/** Bytes of a file that `parsePngHeader` wants to see. */
export const pngHeaderLength = 33;

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const colors: ReadonlyMap<number, PngColor> = new Map([
  [0, 'gray'],
  [2, 'rgb'],
  [3, 'palette'],
  [4, 'gray-alpha'],
  [6, 'rgb-alpha'],
]);

/** The header in the first bytes of a file, or null when they are not those of a PNG. */
export function parsePngHeader(bytes: Uint8Array): PngHeader | null {
  if (bytes.length < pngHeaderLength || signature.some((byte, place) => bytes[place] !== byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const color = colors.get(view.getUint8(25));
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (color === undefined || width === 0 || height === 0) return null;
  return { width, height, depth: view.getUint8(24), color };
}
