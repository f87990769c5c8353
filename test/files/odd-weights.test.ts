/** Reads weight files that are odd rather than broken by chance; each is refused in a line or two, or read right. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, readStateDict } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { pickle, pickledDict, pickledTensor } from '../../fuzz/support/pickle.js';
import { zipOf } from '../../fuzz/support/zip-file.js';
import { disposeAll, scratchFolder } from './checkpoints.js';

function save(name: string, bytes: Uint8Array): string {
  const path = join(scratchFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

function safetensors(header: string, data: Uint8Array = new Uint8Array(0)): string {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return save('odd.safetensors', Buffer.concat([length, text, data]));
}

function problemOf(path: string): string {
  try {
    disposeAll(readStateDict(path).tensors);
  } catch (error) {
    expect((error as Error).name).toBe('CheckpointError');
    const { message } = error as Error;
    expect(message.length).toBeLessThan(600);
    return message;
  }
  throw new Error('expected an error');
}

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('safetensors', () => {
  const one = (fields: string) => safetensors(`{"w":{${fields}}}`, new Uint8Array(4));
  test.each([
    [
      'deep offsets',
      `"dtype":"F32","shape":[1],"data_offsets":${nested(200_000)}`,
      'data_offsets a value that',
    ],
    ['a deep dtype', `"dtype":${nested(200_000)},"shape":[1],"data_offsets":[0,4]`, 'dtype a value that'],
    [
      'a deep shape',
      `"dtype":"F32","shape":${nested(200_000)},"data_offsets":[0,4]`,
      'non-negative integers',
    ],
    [
      'a shape of objects',
      '"dtype":"F32","shape":[{"toString":1}],"data_offsets":[0,4]',
      'found [{"toString":1}]',
    ],
    ['half an element', '"dtype":"F32","shape":[0.5],"data_offsets":[0,2]', 'non-negative integers'],
    [
      'many dimensions',
      `"dtype":"F32","shape":[${Array(100_000).fill(1)}],"data_offsets":[0,4]`,
      'at most 64 dimensions, found 100000',
    ],
    [
      'more elements than counted',
      '"dtype":"U8","shape":[9007199254740991,3],"data_offsets":[0,4]',
      'than can be',
    ],
    ['offsets beyond 2^53', '"dtype":"F32","shape":[1],"data_offsets":[0,1e300]', 'are not [begin, end]'],
    ['offsets that run backwards', '"dtype":"F32","shape":[1],"data_offsets":[4,0]', 'are not [begin, end]'],
    [
      'a dtype of another kind',
      '"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]',
      '"F8_E4M3" is not supported',
    ],
    ['a name of every object', '"dtype":"constructor","shape":[1],"data_offsets":[0,4]', 'is not supported'],
  ])('%s', (_, fields, expected) => {
    expect(problemOf(one(fields))).toContain(expected);
  });

  test('a name twice, however far from its value', () => {
    const entry = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
    const path = safetensors(`{"w"${' '.repeat(200)}:${entry},"w":${entry}}`);
    expect(() => readSafetensors(path)).toThrow("tensor 'w' appears twice");
  });

  test('white space before a colon hides no tensor', () => {
    const entry = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    const { tensors } = readSafetensors(safetensors(`{"w"${'\n'.repeat(200)}:${entry}}`, new Uint8Array(4)));
    expect([...tensors.keys()]).toEqual(['w']);
    disposeAll(tensors);
  });

  test('a tensor may be named like a property of every object', () => {
    const entry = (at: number) => `{"dtype":"F32","shape":[1],"data_offsets":[${at},${at + 4}]}`;
    const path = safetensors(`{"__proto__":${entry(0)},"constructor":${entry(4)}}`, new Uint8Array(8));
    const { tensors } = readSafetensors(path);
    expect([...tensors.keys()]).toEqual(['__proto__', 'constructor']);
    disposeAll(tensors);
  });

  test('a length beyond 2^63, metadata of numbers, and a header with a byte order mark', () => {
    const huge = save('huge.safetensors', Buffer.concat([Buffer.alloc(8, 0xff), Buffer.from('{}')]));
    expect(() => readSafetensors(huge)).toThrow('claims 18446744073709551615 bytes');
    expect(problemOf(safetensors('{"__metadata__":{"step":1}}'))).toContain('strings to strings');
    expect(() => readSafetensors(safetensors('\ufeff{}'))).not.toThrow();
  });
});

describe('checkpoints', () => {
  const weight = pickledTensor({ key: '0', shape: [2, 3], stride: [3, 1] });
  const archive = (value: readonly number[], files: Record<string, Uint8Array> = {}) =>
    save(
      'odd.pth',
      zipOf(
        new Map<string, Uint8Array>([
          ['a/data.pkl', pickle(value)],
          ['a/data/0', new Uint8Array(24)],
          ...Object.entries(files),
        ]),
      ),
    );

  test('a key that is a list a hundred thousand deep', () => {
    const deep = [...Array(100_000).fill(0x5d), ...Array(99_999).fill(0x61)];
    const dict = [...pickledDict({ state_dict: pickledDict({ weight }) }), ...deep, 0x4e, 0x73];
    const { tensors, other } = readStateDict(archive(dict));
    expect([...tensors.keys()]).toEqual(['weight']);
    expect(other).toEqual(['?']);
    disposeAll(tensors);
  });

  test('a value that is a list a hundred thousand deep', () => {
    const deep = [...Array(100_000).fill(0x5d), ...Array(99_999).fill(0x61)];
    expect(problemOf(archive(pickledDict({ weight, deep })))).toContain('nested too deeply');
  });

  test('the old container with a protocol that is a deep list or a bigint', () => {
    const magic = pickle([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]);
    for (const protocol of [
      [...Array(100_000).fill(0x5d), ...Array(99_999).fill(0x61)],
      [0x8a, 10, ...Array(10).fill(1)],
    ]) {
      const path = save('odd.pth', Buffer.concat([magic, pickle(protocol)]));
      expect(problemOf(path)).toMatch(/checkpoint protocol .*, expected 1001/);
    }
  });

  test('two storages of one name, an entry outside, and a comment that looks like an end', () => {
    const twice = zipOf(new Map([['a/data.pkl', pickle(weight)]]));
    const names = Buffer.concat([twice.subarray(0, 30), twice]);
    expect(problemOf(save('odd.pth', names))).toMatch(
      /not where it should be|not a readable zip|directory entry/,
    );
    expect(problemOf(archive(pickledDict({ weight }), { 'a/constants.pkl': new Uint8Array(1) }))).toContain(
      'TorchScript',
    );
    expect(problemOf(archive(pickledDict({ weight }), { 'a/byteorder': Buffer.from('big') }))).toContain(
      'big-endian',
    );
  });

  test('a tensor that repeats one element a billion times', () => {
    const repeated = pickledTensor({ key: '0', shape: [255, 255, 255, 255], stride: [0, 0, 0, 0] });
    expect(problemOf(archive(pickledDict({ repeated })))).toMatch(/far larger than its|reaches element/);
  });
});
