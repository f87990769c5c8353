/**
 * Decodes label files without giving their values a meaning. The engine decodes 8-bit PNGs when it is there, in a fraction of
 * the time.
 */

import { open, readFile } from 'node:fs/promises';
import { DataError, OperationError } from '../../errors/index.js';
import { imageKernels } from '../../torch/internal.js';
import { channelsOf, decodePng } from './decode-png.js';
import { type PngHeader, parsePngHeader, pngHeaderLength } from './file-ends.js';
import { findPalette } from './png-chunks.js';
import { narrowSamples } from './sixteen-bit-labels.js';
import { unreadableFile } from './unreadable-file.js';

/**
 * Reads the header of a label file.
 *
 * @throws {DataError} naming the file when it cannot be read, or is not a PNG that can hold labels
 */
export async function readLabelHeader(path: string): Promise<PngHeader> {
  const bytes = new Uint8Array(pngHeaderLength);
  try {
    const file = await open(path);
    try {
      await file.read(bytes, 0, pngHeaderLength, 0);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadableFile(path, { what: 'cannot be read', cause });
  }
  return labelHeader(bytes, path);
}

/** Holds the content of a label file before a class list gives it a meaning. */
export interface LabelSamples {
  readonly header: PngHeader;
  /** Holds 8-bit samples [height, width, channels]; for a palette PNG these are indices. */
  readonly samples: Uint8Array;
  readonly channels: number;
  /** Is true when the first three channels are a color, and false when the first channel is a value. */
  readonly inColor: boolean;
  /** Holds red, green and blue of each index of a palette PNG, one after the other; is null for other forms. */
  readonly palette: Uint8Array | null;
}

/**
 * Decodes a label PNG of any form. 16-bit samples become 8-bit ones where no value is lost.
 *
 * @throws {DataError} naming the file when it is damaged, not a PNG, or has 16-bit values above 255
 */
export async function readLabelSamples(path: string): Promise<LabelSamples> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadableFile(path, { what: 'cannot be read', cause });
  });
  return decodeLabelSamples(bytes, path);
}

/**
 * Decodes the bytes of a label PNG as `readLabelSamples` does a file; `path` names it in messages.
 *
 * @throws {DataError} naming it when it is damaged, not a PNG, or has 16-bit values above 255
 */
export function decodeLabelSamples(bytes: Uint8Array, path: string): LabelSamples {
  const header = labelHeader(bytes, path);
  const channels = channelsOf(header);
  const stored = decodeWithEngine(bytes) ?? decodeAny(bytes, { header, path });
  const samples = stored instanceof Uint16Array ? narrowSamples(stored, { header, channels, path }) : stored;
  const palette = header.color === 'palette' ? findPalette(bytes) : null;
  return { header, samples, channels, inColor: channels >= 3, palette };
}

function labelHeader(bytes: Uint8Array, path: string): PngHeader {
  const header = parsePngHeader(bytes);
  if (header !== null) return header;
  throw new DataError(`${path}: not a PNG file; labels are gray, palette or RGB PNGs`);
}

function decodeAny(
  bytes: Uint8Array,
  { header, path }: { readonly header: PngHeader; readonly path: string },
): Uint8Array | Uint16Array {
  try {
    return decodePng(bytes, header);
  } catch (cause) {
    throw unreadableFile(path, { what: 'damaged or truncated PNG', cause });
  }
}

/** Returns null without an engine, for forms it does not support, and for damaged files, which `decodePng` then describes. */
function decodeWithEngine(bytes: Uint8Array): Uint8Array | null {
  const kernels = imageKernels();
  if (kernels === null) return null;
  try {
    const header = kernels.readPngHeader(bytes);
    if (header === null) return null;
    return kernels.decodePngRows(bytes, { header, first: 0, count: header.height });
  } catch (error) {
    if (error instanceof OperationError) return null;
    throw error;
  }
}
