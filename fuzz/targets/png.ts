/**
 * Reads PNGs as labels and as images. The first byte of an input chooses its form: a file as it is, a file whose
 * checksums are made right, or a header and rows that are compressed first.
 */

import sharp from 'sharp';
import { ignoreIndex, withColors } from '#data/classes.js';
import { decodePng } from '#data/images/decode-png.js';
import { type PngHeader, parsePngHeader } from '#data/images/file-ends.js';
import { openImage, readImage } from '#data/images/image-file.js';
import { readLabels } from '#data/images/label-file.js';
import { readLabelSamples } from '#data/images/label-samples.js';
import { pngHeader, pngOf, withChecksums } from '../support/png-file.js';
import { ScratchFile } from '../support/scratch-file.js';
import { outcomeOf } from '../support/target.js';

const scratch = new ScratchFile('input.png');
const classList = {
  classes: withColors([{ name: 'a', color: [1, 2, 3] }, { name: 'b' }, { name: 'c' }]),
  ignoredValue: ignoreIndex,
};
// sharp keeps decoded files by path, and here every input has the same.
sharp.cache(false);
// Larger images are slow to decode and show nothing new.
const mostPixels = 1 << 20;
// sharp takes ten times as long as the readers of labels, so a bit of the first byte says whether it reads a file too.
const asImage = 16;

/** Decodes a file by every reader of PNGs, and compares those that decode it. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const file = fileOf(data);
  if (isLarge(file)) return;
  const path = scratch.write(file);
  const stored = await outcomeOf(() => readLabelSamples(path));
  const header = parsePngHeader(file);
  if ('value' in stored && header !== null && header.depth <= 8) {
    // The engine decodes most files, and this one all of them.
    const whole = decodeWhole(file, header);
    if (whole !== null) expectEqual('samples', stored.value.samples, whole);
  }
  const labels = await outcomeOf(() => readLabels(path, classList));
  if ('value' in labels) {
    const { width, height, labels: values } = labels.value;
    if (values.length !== width * height) throw new Error(`${values.length} labels for ${width}×${height}`);
  }
  if (((data[0] ?? 0) & asImage) !== 0) await readAsImage(path);
}

/** Returns null for damage behind the last row, which the engine does not read. */
function decodeWhole(file: Uint8Array, header: PngHeader): Uint8Array | null {
  try {
    return Uint8Array.from(decodePng(file, header));
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return null;
  }
}

async function readAsImage(path: string): Promise<void> {
  const image = await outcomeOf(() => readImage(path));
  const opened = await outcomeOf(async () => {
    const { height, rows } = await openImage(path);
    rows({ first: height >> 1, count: height - (height >> 1) });
    return rows({ first: 0, count: height });
  });
  if ('value' in image && 'value' in opened) expectEqual('pixels', image.value.image, opened.value);
}

function fileOf(data: Uint8Array): Uint8Array {
  const [form = 0] = data;
  const rest = data.subarray(1);
  if (form % 4 === 0) return rest;
  if (form % 4 === 1) return withChecksums(rest);
  const paletteBytes = 3 * ((rest[13] ?? 0) % 8);
  return pngOf({
    header: smallHeader(rest),
    ...(paletteBytes > 0 ? { palette: rest.subarray(14, 14 + paletteBytes) } : {}),
    rows: rest.subarray(14 + paletteBytes),
    partCount: 1 + (form >> 6),
  });
}

/** Returns the header in the first bytes, with sides below 64 pixels. */
function smallHeader(bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.set(bytes.subarray(0, 13));
  header.writeUInt32BE(header.readUInt32BE(0) % 64, 0);
  header.writeUInt32BE(header.readUInt32BE(4) % 64, 4);
  return header;
}

/** Returns whether a file holds enough bytes for an image that is slow to decode. A claim of many pixels alone is kept. */
function isLarge(file: Uint8Array): boolean {
  const bytes = Buffer.from(file);
  return bytes.length >= 24 && bytes.length * 1032 > mostPixels * 16 && bytes.readUInt32BE(16) > mostPixels;
}

function expectEqual(what: string, one: Uint8Array, other: Uint8Array): void {
  if (Buffer.compare(one, other) !== 0) throw new Error(`two decoders disagree about the ${what}`);
}

/** Returns images of every color type and depth in the three forms. */
export function seeds(): Uint8Array[] {
  const forms = [
    { depth: 8, colorType: 0, channels: 1 },
    { depth: 8, colorType: 2, channels: 3 },
    { depth: 8, colorType: 3, channels: 1 },
    { depth: 8, colorType: 4, channels: 2 },
    { depth: 8, colorType: 6, channels: 4 },
    { depth: 1, colorType: 0, channels: 1 },
    { depth: 2, colorType: 3, channels: 1 },
    { depth: 4, colorType: 0, channels: 1 },
    { depth: 16, colorType: 0, channels: 1 },
    { depth: 16, colorType: 2, channels: 3 },
  ];
  return forms.flatMap(({ depth, colorType, channels }) =>
    [false, true].flatMap((interlaced) => {
      const [width, height] = [11, 10];
      const header = pngHeader({ width, height, depth, colorType, interlaced });
      const rowBytes = Math.ceil((width * depth * channels) / 8);
      // Interlaced rows take more bytes; what is too much is not read.
      const rows = new Uint8Array(height * (rowBytes + 1) * (interlaced ? 2 : 1));
      for (let at = 0; at < rows.length; at++) {
        const row = Math.floor(at / (rowBytes + 1));
        rows[at] = at % (rowBytes + 1) === 0 && !interlaced ? row % 5 : (at * 7) % 3;
      }
      const palette = Uint8Array.from([1, 2, 3, 128, 0, 0, 0, 128, 0, 9, 9, 9]);
      const file = pngOf({ header, rows, ...(colorType === 3 ? { palette } : {}) });
      const compressedLater = Buffer.concat([header, Uint8Array.of(4), palette, rows]);
      return [0, asImage].flatMap((how) => [
        prefixed(how, file),
        prefixed(how | 1, file),
        prefixed(how | 2, compressedLater),
        prefixed(how | 194, compressedLater),
      ]);
    }),
  );
}

function prefixed(form: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(form), bytes]);
}

export const dictionary = ['IHDR', 'IDAT', 'PLTE', 'IEND', 'tRNS', 'iCCP', 'eXIf', 'gAMA', 'sBIT', 'cICP'];
