/** Checks that malicious and damaged checkpoints are refused. Each pickle is assembled by hand with one fault. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStateDict } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { fixture, scratchFolder, versions } from './checkpoints.js';

const proto = Buffer.from([0x80, 2]);
const stop = Buffer.from('.');
const magic = Buffer.concat([proto, Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex'), stop]);
const protocol = Buffer.concat([proto, Buffer.from('4de903', 'hex'), stop]);
const system = Buffer.concat([proto, Buffer.from('}'), stop]);

/** Writes the older container around the opcodes of an object, with one storage '0' of the given float32 values. */
function legacy(object: Buffer, { storage = [1, 2, 3, 4] }: { storage?: number[] } = {}): string {
  const keys = Buffer.concat([proto, Buffer.from(']'), text('0'), Buffer.from('a'), stop]);
  const count = Buffer.alloc(8);
  count.writeBigInt64LE(BigInt(storage.length));
  const data = Buffer.from(Float32Array.from(storage).buffer);
  return save(Buffer.concat([magic, protocol, system, proto, object, stop, keys, count, data]));
}

function save(bytes: Uint8Array): string {
  const path = join(scratchFolder(), 'hostile.pth');
  writeFileSync(path, bytes);
  return path;
}

function text(value: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  return Buffer.concat([Buffer.from('X'), length, Buffer.from(value)]);
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return Buffer.concat([Buffer.from([0x8a, 8]), bytes]);
}

function tuple(...items: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')]);
}

function global(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

const storage = Buffer.concat([
  tuple(
    text('storage'),
    global('torch', 'FloatStorage'),
    text('0'),
    text('cpu'),
    integer(4),
    Buffer.from('N'),
  ),
  Buffer.from('Q'),
]);

function tensor({
  offset = 0,
  shape,
  stride,
}: {
  offset?: number;
  shape: number[];
  stride: number[];
}): Buffer {
  return Buffer.concat([
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      storage,
      integer(offset),
      tuple(...shape.map(integer)),
      tuple(...stride.map(integer)),
      Buffer.from([0x89]),
      Buffer.from('}'),
    ),
    Buffer.from('R'),
  ]);
}

function dict(...items: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('}('), ...items, Buffer.from('u')]);
}

test('the same files without a fault are read', () => {
  const path = legacy(dict(text('weight'), tensor({ shape: [2, 2], stride: [1, 2] })));
  const { tensors } = readStateDict(path);
  const weight = tensors.get('weight');
  expect(weight?.toArray()).toEqual([
    [1, 3],
    [2, 4],
  ]);
  weight?.dispose();
});

describe('refused', () => {
  test.each<[string, Buffer, RegExp]>([
    [
      'a global by STACK_GLOBAL',
      Buffer.concat([text('builtins'), text('eval'), Buffer.from([0x93])]),
      /'builtins\.eval'/,
    ],
    ['a global by INST', Buffer.from('(ios\nsystem\n'), /'os\.system'/],
    ['a function of NumPy', global('numpy', 'load'), /'numpy\.load'/],
    ['a nested load', global('torch.storage', '_load_from_bytes'), /'torch\.storage\._load_from_bytes'/],
    ['control characters in a name', global('os', '\u001b[2Jx'), /'os\.\?\[2Jx'/],
    ['a call of a plain value', Buffer.from('})R'), /not a global/],
    [
      'a call of a storage type',
      Buffer.concat([global('torch', 'FloatStorage'), Buffer.from(')R')]),
      /a call of torch\.FloatStorage/,
    ],
    ['an extension code', Buffer.from([0x82, 1]), /opcode 0x82/],
    ['a pickled module', Buffer.concat([tuple(text('module'), text('x')), Buffer.from('Q')]), /state_dict/],
    ['another protocol', Buffer.from([0x80, 9]), /protocol 9/],
    ['an empty stack', Buffer.from('0'), /empty stack/],
    ['a group that never began', Buffer.from('t'), /never began/],
    ['an unwritten memo', Buffer.from('h\x07'), /memo 7/],
    ['a key without a value', Buffer.from('}(Nu'), /key without a value/],
    ['items without a list', Buffer.from('}(Ne'), /without the list/],
    [
      'text longer than the file',
      Buffer.from('X\xff\xff\xff\x7f', 'latin1'),
      /damaged or was not copied whole/,
    ],
    [
      'bytes of 2^63',
      Buffer.concat([Buffer.from([0x8e]), Buffer.alloc(8, 0xff)]),
      /damaged or was not copied whole/,
    ],
    ['a huge integer', Buffer.from('8b00001000', 'hex'), /integer of 1048576 bytes/],
    ['an endless name', Buffer.from(`c${'x'.repeat(5000)}`), /longer than 1024/],
  ])('%s', (_, object, message) => {
    const path = legacy(object);
    expect(() => readStateDict(path)).toThrow(message);
    expect(() => readStateDict(path)).toThrow(path);
    expect(() => readStateDict(path)).toThrow(expect.objectContaining({ code: 'checkpoint' }));
  });
});

test('a view that PyTorch marks as negated is refused, as its stored values are not its own', () => {
  const marks = dict(text('neg'), Buffer.from([0x88]));
  const marked = Buffer.concat([
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      storage,
      integer(0),
      tuple(integer(4)),
      tuple(integer(1)),
      Buffer.from([0x89]),
      Buffer.from('}'),
      marks,
    ),
    Buffer.from('R'),
  ]);
  expect(() => readStateDict(legacy(dict(text('weight'), marked)))).toThrow(
    /a tensor in storage '0' is a negated or conjugated view; save tensor\.resolve_neg/,
  );
});

describe('tensors outside their storage', () => {
  test.each([
    { shape: [5], stride: [1] },
    { offset: 4, shape: [1], stride: [1] },
    { shape: [2, 2], stride: [3, 1] },
    { shape: [2], stride: [2 ** 52] },
    { shape: [2 ** 40, 2 ** 40], stride: [0, 0] },
    { shape: [-1], stride: [1] },
    { shape: [2], stride: [-1] },
    { shape: [2, 2], stride: [1] },
  ])('%j', (view) => {
    const path = legacy(dict(text('weight'), tensor(view)));
    expect(() => readStateDict(path)).toThrow(expect.objectContaining({ code: 'checkpoint' }));
  });

  test('a file that claims a larger storage than it holds', () => {
    const path = legacy(dict(text('weight'), tensor({ shape: [4], stride: [1] })), { storage: [1, 2] });
    expect(() => readStateDict(path)).toThrow(/'weight' needs element 3 of storage '0', which has 2/);
  });
});

describe('small files that would become large', () => {
  const ones = tensor({ shape: [4], stride: [1] });
  test('one element expanded to gigabytes', () => {
    const path = legacy(dict(text('weight'), tensor({ shape: [2 ** 31], stride: [0] })));
    expect(() => readStateDict(path)).toThrow(/far larger than its \d+ bytes/);
  });

  test('a list that holds itself', () => {
    const path = legacy(dict(text('weight'), ones, text('loop'), Buffer.from(']q\x01h\x01a', 'latin1')));
    expect(() => readStateDict(path)).toThrow(/nested too deeply/);
  });

  test('lists that double at every level', () => {
    const doubled = Buffer.concat(
      Array.from({ length: 28 }, (_, level) =>
        Buffer.from([0x5d, 0x71, level + 1, 0x28, 0x68, level, 0x68, level, 0x65]),
      ),
    );
    const path = legacy(
      dict(text('weight'), ones, text('loop'), Buffer.concat([Buffer.from(']q\x00Na', 'latin1'), doubled])),
    );
    expect(() => readStateDict(path)).toThrow(/nested too deeply/);
  });
});

describe.each(versions)('damaged copies of PyTorch %s files', (version) => {
  test.each(['zip.pth', 'legacy.pth', 'zip-protocol-4.pth'])('%s cut off anywhere', (name) => {
    const bytes = readFileSync(fixture(version, name));
    const path = save(bytes);
    for (let length = 0; length < bytes.length; length += 131) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(() => readStateDict(path)).toThrow(expect.objectContaining({ code: 'checkpoint' }));
    }
  });

  test.each(['zip.pth', 'legacy.pth'])('%s with any byte changed never fails in another way', (name) => {
    const bytes = readFileSync(fixture(version, name));
    const path = save(bytes);
    let refused = 0;
    for (let at = 0; at < bytes.length; at += 17) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed.readUInt8(at) + 0x5b) % 256, at);
      writeFileSync(path, changed);
      try {
        for (const tensor of readStateDict(path).tensors.values()) tensor.dispose();
      } catch (error) {
        expect(error).toMatchObject({ code: 'checkpoint' });
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(10);
  });
});

test('a zip storage whose bytes changed does not match its checksum', () => {
  const bytes = readFileSync(fixture('2.13', 'zip.pth'));
  const value = Buffer.from(Float64Array.from([-1.5]).buffer);
  bytes.writeUInt8(1, bytes.indexOf(value));
  expect(() => readStateDict(save(bytes))).toThrow(/checksum of 'zip\/data\/0'/);
});
