/** Writes uncompressed TIFFs of any number of channels and any type of values, for tests. */

/** Describes the values of a TIFF. */
export interface TiffContent {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Uint8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array;
  /** Is 2 for RGB, 1 for gray, 6 for YCbCr; by default RGB from three channels on. */
  readonly colors?: number;
}

const tagBytes = { short: 2, long: 4 } as const;

/** Returns the bytes of a little-endian TIFF with one strip. */
export function tiff({
  width,
  height,
  channels,
  values,
  colors = channels >= 3 ? 2 : 1,
}: TiffContent): Uint8Array {
  const pixels = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const repeated = (value: number, count = channels) => Array.from({ length: count }, () => value);
  const isFloat = values instanceof Float32Array;
  const isSigned = values instanceof Int16Array || values instanceof Int32Array;
  const extra = channels - (colors === 1 ? 1 : 3);
  const tags: [tag: number, type: 'short' | 'long', content: number[]][] = [
    [256, 'long', [width]],
    [257, 'long', [height]],
    [258, 'short', repeated(values.BYTES_PER_ELEMENT * 8)],
    [259, 'short', [1]],
    [262, 'short', [colors]],
    [273, 'long', [0]],
    [277, 'short', [channels]],
    [278, 'long', [height]],
    [279, 'long', [pixels.length]],
    ...(extra > 0 ? [[338, 'short', repeated(0, extra)] as [number, 'short', number[]]] : []),
    [339, 'short', repeated(isFloat ? 3 : isSigned ? 2 : 1)],
  ];
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  const long: Buffer[] = [];
  let end = 8 + directory.length;
  let stripAt = 0;
  directory.writeUInt16LE(tags.length, 0);
  for (const [place, [tag, type, content]] of tags.entries()) {
    const at = 2 + 12 * place;
    const bytes = Buffer.alloc(Math.max(4, content.length * tagBytes[type]));
    for (const [index, value] of content.entries()) {
      if (type === 'short') bytes.writeUInt16LE(value, 2 * index);
      else bytes.writeUInt32LE(value, 4 * index);
    }
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type === 'short' ? 3 : 4, at + 2);
    directory.writeUInt32LE(content.length, at + 4);
    if (tag === 273) stripAt = at + 8;
    if (bytes.length === 4) bytes.copy(directory, at + 8);
    else {
      directory.writeUInt32LE(end, at + 8);
      long.push(bytes);
      end += bytes.length;
    }
  }
  directory.writeUInt32LE(end, stripAt);
  return Buffer.concat([Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]), directory, ...long, pixels]);
}
