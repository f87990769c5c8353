/** Checks that weights are read bit for bit from every format, and that other files are refused by name. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStateDict, writeSafetensors } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import {
  disposeAll,
  expectedTensors,
  expectTensors,
  fixture,
  scratchFolder,
  versions,
} from './checkpoints.js';

describe.each(versions)('checkpoints of PyTorch %s', (version) => {
  const names = readdirSync(fixture(version, '.')).filter((name) => /^(zip|legacy).*\.pth$/.test(name));

  test('are all there', () => expect(names.length).toBeGreaterThanOrEqual(4));

  test.each(names)('%s: every dtype, layout and shared storage, bit for bit', (name) => {
    const { tensors, other } = readStateDict(fixture(version, name));
    expectTensors(tensors, expectedTensors(version));
    expect([...tensors.keys()]).toEqual([...expectedTensors(version).keys()]);
    expect(other).toEqual([]);
    disposeAll(tensors);
  });

  test.each([
    ['mmsegmentation.pth', ['meta', 'optimizer']],
    ['torchvision.pth', ['epoch']],
  ])('%s: the wrapper is removed, the rest is named', (name, rest) => {
    const { tensors, other } = readStateDict(fixture(version, name));
    expect([...tensors.keys()]).toEqual([
      '0.weight',
      '0.bias',
      '1.weight',
      '1.bias',
      '1.running_mean',
      '1.running_var',
      '1.num_batches_tracked',
    ]);
    expect(tensors.get('0.weight')?.shape).toEqual([2, 1, 3, 3]);
    expect(tensors.get('1.num_batches_tracked')?.item()).toBe(1);
    expect(other).toEqual(rest);
    disposeAll(tensors);
  });

  test.each(['malicious-zip.pth', 'malicious-legacy.pth', 'malicious-plain.pkl'])(
    '%s: the global is refused by name and nothing runs',
    (name) => {
      const path = fixture(version, name);
      expect(() => readStateDict(path)).toThrow(`refused the global 'posix.system'`);
      expect(() => readStateDict(path)).toThrow(path);
      expect(existsSync('/tmp/coarsely-was-here')).toBe(false);
    },
  );

  test.each([
    ['whole-module.pth', /refused the global 'torch\.nn\.modules\.linear\.Linear'.*state_dict/],
    ['single-tensor.pth', /a single tensor; expected a state dict/],
    ['no-tensors.pth', /holds no tensors/],
    ['torchscript.pt', /TorchScript program.*state_dict/],
  ])('%s is no state dict, and the error says what it is', (name, message) => {
    expect(() => readStateDict(fixture(version, name))).toThrow(message);
  });
});

test('safetensors are recognized by content, whatever the name', () => {
  const { tensors } = readStateDict(fixture('2.13', 'zip.pth'));
  const path = join(scratchFolder(), 'weights.pth');
  writeSafetensors(path, tensors);
  const again = readStateDict(path);
  expectTensors(again.tensors, expectedTensors('2.13'));
  disposeAll(tensors);
  disposeAll(again.tensors);
});

test('safetensors whose header has the length that begins a pickle are safetensors', () => {
  const { tensors } = readStateDict(fixture('2.13', 'zip.pth'));
  const path = join(scratchFolder(), 'weights.safetensors');
  const firstByte = () => readFileSync(path)[0];
  for (let length = 0; length === 0 || firstByte() !== 0x80; length += 8) {
    writeSafetensors(path, tensors, { metadata: { note: '.'.repeat(length) } });
    expect(length).toBeLessThan(300);
  }
  const again = readStateDict(path);
  expectTensors(again.tensors, expectedTensors('2.13'));
  disposeAll(tensors);
  disposeAll(again.tensors);
});

describe('files that are no checkpoint', () => {
  test.each([
    ['', /it is empty/],
    ['<!DOCTYPE html><html>', /begins with '<!DOCTYPE html><html>'/],
    ['version https://git-lfs.github.com/spec/v1\n', /begins with 'version https:\/\/git-lfs/],
  ])('%j', (text, message) => {
    const path = join(scratchFolder(), 'weights.pth');
    writeFileSync(path, text);
    expect(() => readStateDict(path)).toThrow(message);
  });

  test('a missing file and a folder', () => {
    const folder = scratchFolder();
    expect(() => readStateDict(join(folder, 'absent.pth'))).toThrow(/absent\.pth: cannot be opened/);
    expect(() => readStateDict(folder)).toThrow(/expected a checkpoint file/);
  });
});
