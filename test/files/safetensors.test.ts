/** Checks reading and writing of safetensors against files of the reference implementation. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  readSafetensors,
  readStateDict,
  type Tensor,
  tensorFrom,
  tensorFromBytes,
  writeSafetensors,
} from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import {
  describeTensor,
  disposeAll,
  expectedTensors,
  expectTensors,
  fixture,
  scratchFolder,
} from './checkpoints.js';

test('what the reference implementation wrote', () => {
  const { tensors, metadata } = readSafetensors(fixture('2.13', 'reference.safetensors'));
  expectTensors(tensors, expectedTensors('2.13'));
  expect(metadata).toEqual({ format: 'pt' });
  disposeAll(tensors);
});

test('every dtype, bit for bit, in the order given, with metadata', () => {
  const { tensors } = readStateDict(fixture('1.13', 'zip.pth'));
  const path = join(scratchFolder(), 'all.safetensors');
  writeSafetensors(path, tensors, { metadata: { note: 'a "quoted" név', step: '12' } });
  const again = readSafetensors(path);
  expectTensors(again.tensors, expectedTensors('1.13'));
  expect([...again.tensors.keys()]).toEqual([...tensors.keys()]);
  expect(again.metadata).toEqual({ note: 'a "quoted" név', step: '12' });
  disposeAll(tensors);
  disposeAll(again.tensors);
});

test('data begins at a multiple of 8 and each tensor at a multiple of its element', () => {
  const path = join(scratchFolder(), 'aligned.safetensors');
  const tensors = new Map<string, Tensor>([
    ['10', tensorFrom([1, 2, 3], { dtype: 'uint8', shape: [3] })],
    ['9', tensorFrom([1], { dtype: 'float64', shape: [] })],
    ['half', tensorFromBytes(Uint8Array.of(0x80, 0x3f), { dtype: 'bfloat16', shape: [1] })],
    ['none', tensorFrom([], { dtype: 'float32', shape: [0, 2] })],
  ]);
  writeSafetensors(path, tensors);
  const bytes = readFileSync(path);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  expect(headerLength % 8).toBe(0);
  expect(header).toEqual({
    '9': { dtype: 'F64', shape: [], data_offsets: [0, 8] },
    none: { dtype: 'F32', shape: [0, 2], data_offsets: [8, 8] },
    half: { dtype: 'BF16', shape: [1], data_offsets: [8, 10] },
    '10': { dtype: 'U8', shape: [3], data_offsets: [10, 13] },
  });
  const again = readSafetensors(path);
  expect([...again.tensors.keys()]).toEqual(['10', '9', 'half', 'none']);
  disposeAll(again.tensors);
  disposeAll(tensors);
});

test('a transposed tensor is written row-major', () => {
  const path = join(scratchFolder(), 'transposed.safetensors');
  const tensor = tensorFrom([1, 2, 3, 4, 5, 6], { dtype: 'int16', shape: [2, 3] });
  const transposed = tensor.transpose(0, 1);
  writeSafetensors(path, new Map([['x', transposed]]));
  const again = readSafetensors(path).tensors;
  expect([...again.values()].map(describeTensor)).toEqual([
    { dtype: 'int16', shape: [3, 2], hex: '010004000200050003000600' },
  ]);
  disposeAll(again);
  tensor.dispose();
  transposed.dispose();
});

describe('writing', () => {
  const one = () => new Map([['x', tensorFrom([1], { dtype: 'float32', shape: [1] })]]);

  test('replaces the old file and leaves nothing else', () => {
    const folder = scratchFolder();
    const path = join(folder, 'x.safetensors');
    const tensors = one();
    writeFileSync(path, 'old');
    writeSafetensors(path, tensors);
    disposeAll(readSafetensors(path).tensors);
    expect(readdirSync(folder)).toEqual(['x.safetensors']);
    disposeAll(tensors);
  });

  test('a tensor that cannot be read leaves the old file in place', () => {
    const folder = scratchFolder();
    const path = join(folder, 'x.safetensors');
    writeFileSync(path, 'old');
    const tensors = one();
    disposeAll(tensors);
    expect(() => writeSafetensors(path, tensors)).toThrow();
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['x.safetensors']);
  });

  test.each(['missing/x.safetensors', 'file/x.safetensors', 'folder'])(
    '%s cannot be written, by name',
    (name) => {
      const folder = scratchFolder();
      writeFileSync(join(folder, 'file'), '');
      mkdirSync(join(folder, 'folder'));
      const tensors = one();
      const path = join(folder, name);
      expect(() => writeSafetensors(path, tensors)).toThrow(`${path}: cannot be written`);
      expect(existsSync(`${path}.tmp`)).toBe(false);
      disposeAll(tensors);
    },
  );

  test('the name of the metadata is not a tensor’s', () => {
    const tensors = new Map([['__metadata__', tensorFrom([1], { dtype: 'float32', shape: [1] })]]);
    expect(() => writeSafetensors(join(scratchFolder(), 'x'), tensors)).toThrow(
      /cannot be named __metadata__/,
    );
    disposeAll(tensors);
  });
});

describe('damaged files', () => {
  function file(header: string, data = Buffer.alloc(0)): string {
    const path = join(scratchFolder(), 'damaged.safetensors');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
    writeFileSync(path, Buffer.concat([length, Buffer.from(header), data]));
    return path;
  }
  const entry = (begin: number, end: number, shape = `[${(end - begin) / 4}]`, dtype = '"F32"') =>
    `{"dtype":${dtype},"shape":${shape},"data_offsets":[${begin},${end}]}`;

  test.each<[string, string, number, RegExp]>([
    ['truncated', `{"x":${entry(0, 8)}}`, 4, /tensor 'x' ends at byte \d+, the file at \d+/],
    ['leftover bytes', `{"x":${entry(0, 8)}}`, 12, /4 bytes after the last tensor/],
    ['overlap', `{"x":${entry(0, 8)},"y":${entry(4, 12)}}`, 12, /tensor 'y' overlaps/],
    ['hole', `{"x":${entry(0, 4)},"y":${entry(8, 12)}}`, 12, /tensor 'y' leaves a hole/],
    [
      'wrong byte count',
      `{"x":${entry(0, 8, '[3]')}}`,
      8,
      /tensor 'x': F32 \[3\] needs 12 bytes, its offsets span 8/,
    ],
    ['reversed offsets', `{"x":${entry(8, 0, '[0]')}}`, 8, /tensor 'x': data_offsets \[8,0\]/],
    ['fractional offsets', `{"x":${entry(0.5, 4.5, '[1]')}}`, 8, /tensor 'x': data_offsets/],
    ['negative shape', `{"x":${entry(0, 4, '[-1,-1]')}}`, 4, /tensor 'x': expected a shape/],
    [
      'impossible shape',
      `{"x":${entry(0, 4, '[9007199254740991,3]')}}`,
      4,
      /tensor 'x': shape .* more elements/,
    ],
    [
      'unknown dtype',
      `{"x":${entry(0, 4, '[4]', '"F8_E4M3"')}}`,
      4,
      /tensor 'x': dtype "F8_E4M3" is not supported/,
    ],
    ['twice the same name', `{"x":${entry(0, 4)},"\\u0078":${entry(0, 4)}}`, 4, /tensor 'x' appears twice/],
    ['no object', '[1]', 0, /not a JSON object/],
    ['no JSON', '{"x":', 0, /not valid JSON/],
    ['metadata that is no text', '{"__metadata__":{"step":1}}', 0, /__metadata__ should map strings/],
    ['an entry that is none', '{"x":3}', 0, /tensor 'x': expected \{dtype/],
  ])('%s', (_, header, dataBytes, message) => {
    const path = file(header, Buffer.alloc(dataBytes));
    expect(() => readSafetensors(path)).toThrow(message);
    expect(() => readSafetensors(path)).toThrow(path);
    expect(() => readSafetensors(path)).toThrow(expect.objectContaining({ code: 'checkpoint' }));
  });

  test('names inside nested objects are not counted as tensors', () => {
    const path = file(`{"__metadata__":{"x":"dtype","y":"}{\\""},"x":${entry(0, 4)}}`, Buffer.alloc(4));
    const { tensors, metadata } = readSafetensors(path);
    expect([...tensors.keys()]).toEqual(['x']);
    expect(metadata).toEqual({ x: 'dtype', y: '}{"' });
    disposeAll(tensors);
  });

  test('a header longer than the file', () => {
    const path = join(scratchFolder(), 'long.safetensors');
    writeFileSync(path, Buffer.from('ffffffffffffff7f7b7d', 'hex'));
    expect(() => readSafetensors(path)).toThrow(
      /header claims 9223372036854775807 bytes, but the file has 2/,
    );
  });

  test('a few bytes', () => {
    const path = join(scratchFolder(), 'short.safetensors');
    writeFileSync(path, 'abc');
    expect(() => readSafetensors(path)).toThrow(/found only 3 bytes/);
  });
});
