/** Files that people give as weights (odd-files.py): read right, or refused in one line that says what they are. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStateDict, type StateDictContents } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { disposeAll, scratchFolder } from './checkpoints.js';

function fixture(name: string): string {
  return join(import.meta.dirname, 'fixtures', 'odd', name);
}

function write(content: string | Uint8Array): string {
  const path = join(scratchFolder(), 'weights.pth');
  writeFileSync(path, content);
  return path;
}

function expectWeights({ tensors }: StateDictContents, prefix = ''): void {
  expect(tensors.get(`${prefix}conv.weight`)?.toArray()).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
  expect(tensors.get(`${prefix}conv.bias`)?.toArray()).toEqual([0.5, -1]);
  disposeAll(tensors);
}

describe('read', () => {
  test.each([2, 4])(
    'weights beside what a training stores, in protocol %i: the rest is left unread',
    (protocol) => {
      const contents = readStateDict(fixture(`training-${protocol}.pth`));
      expect(contents.other).toEqual([
        ...['best_miou', 'epoch', 'history', 'args', 'time', 'losses', 'counts', 'queue'],
        ...['set', 'frozen', 'device', 'dtype', 'number', 'slice'],
      ]);
      expectWeights(contents);
    },
  );

  test('weights in a class derived from dict', () => {
    expectWeights(readStateDict(fixture('derived-dict.pth')));
  });

  test('weights in a list', () => {
    expectWeights(readStateDict(fixture('list.pth')), '0.');
  });

  test('the container of PyTorch before 1.6', () => {
    expectWeights(readStateDict(fixture('legacy.pth')));
  });

  test('keys that are no text, or text with control characters', () => {
    const { tensors } = readStateDict(fixture('keys.pth'));
    expect([...tensors].map(([name, { shape }]) => [name, shape[0]])).toEqual([
      ['?', 1],
      ['5', 2],
      ['ünï.weight', 3],
      ['\u001b[31mred', 1],
    ]);
    disposeAll(tensors);
  });
});

describe('refused in one line', () => {
  test.each([
    ['quantized.pth', /: holds a quantized tensor; save the weights before they are quantized$/],
    ['sparse.pth', /: holds a sparse tensor; save tensor\.to_dense\(\)$/],
    ['complex.pth', /: holds complex numbers; weights are real$/],
    ['contains-itself.pth', /: 'itself\.itself\..*' is nested too deeply to be a state dict$/],
    ['nothing.pth', /: holds no tensors; /],
    ['number.pth', /: holds no tensors; /],
    [
      'arrays.pkl',
      /: expected a PyTorch checkpoint, found another Python pickle; save tensors by torch\.save$/,
    ],
    ['arrays.npz', /: expected a PyTorch checkpoint, found a zip file without data\.pkl; /],
    ['array.npy', /which is a NumPy array/],
    ['deflated.pth', /: entry 'archive\/data\.pkl' is compressed, .*; zip it again with -0$/],
    ['inside.zip', /: .* a zip file without data\.pkl; if the checkpoint is inside, unpack it$/],
    ['packed.pth.gz', /which is gzip: unpack it first/],
  ])('%s', (name, message) => {
    const path = fixture(name);
    expect(() => readStateDict(path)).toThrow(
      expect.objectContaining({ code: 'checkpoint', message: expect.stringMatching(message) }),
    );
    expect(() => readStateDict(path)).toThrow(new RegExp(`^${path}: [^\n]+$`));
  });

  test.each([
    ['', /it begins with nothing: it is empty/],
    [
      'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n',
      /a pointer of Git LFS: .*git lfs pull/,
    ],
    ['<!DOCTYPE html><html>Not found</html>', /a web page: the download did not reach the file/],
    ['P', /it begins with 'P'/],
  ])('the text %j', (content, message) => {
    expect(() => readStateDict(write(content))).toThrow(message);
  });

  test('a safetensors file without tensors', () => {
    const header = Buffer.from('{"__metadata__":{"format":"pt"}}');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    expect(() => readStateDict(write(Buffer.concat([length, header])))).toThrow(
      /weights\.pth: holds no tensors; /,
    );
  });

  test('the container of PyTorch before 1.6, cut off in its last tensor', () => {
    const bytes = readFileSync(fixture('legacy.pth'));
    expect(() => readStateDict(write(bytes.subarray(0, -2)))).toThrow(
      /storage '\d+' .*it was not copied whole/,
    );
  });
});
