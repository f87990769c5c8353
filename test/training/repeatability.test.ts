/** Checks that equal configs give equal bits, for every reweighter and loss, in both precisions, with one thread and two. */
import { createHash } from 'node:crypto';
import { losses } from 'coarsely/losses';
import { reweighters } from 'coarsely/reweighting';
import { setDeterministic, setThreads, tensorFrom, tidy } from 'coarsely/torch';
import { Trainer } from 'coarsely/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { native } from '#torch/native.js';
import { type SmallConfigOptions, smallConfig } from './training-fixtures.js';

const [count, height, width] = [2, 48, 64];
const classCount = 8;

beforeAll(() => {
  setDeterministic(true);
});
afterAll(() => {
  setDeterministic(false);
  setThreads(1);
});

/** A batch without any file: smooth images, labels in blocks, some ignored. */
function batch() {
  const pixels = count * height * width;
  const images = Float32Array.from({ length: 3 * pixels }, (_, at) => Math.sin(at / 7) + Math.cos(at / 1009));
  const labels = Uint8Array.from({ length: pixels }, (_, at) =>
    at % 11 === 0 ? 255 : Math.floor(at / 37) % classCount,
  );
  const origins = Array.from({ length: count }, (_, index) => ({
    index,
    left: 0,
    top: 0,
    right: 1,
    bottom: 1,
    mirrored: false,
  }));
  return { images, labels, height, width, origins };
}

interface Parts extends Pick<SmallConfigOptions, 'precision' | 'reweighter'> {
  readonly loss?: string;
  readonly threads?: number;
}

/** Every byte of the state after two steps, and the losses on the way. */
function twoSteps({ loss = 'cross-entropy', threads = 1, ...options }: Parts) {
  setThreads(threads);
  const base = smallConfig('nowhere', options);
  const clean = { split: 'train', labels: 'fine', count: 1 };
  const data = { ...base.data, clean };
  const config = { ...base, data, threads, deterministic: true, loss: { kind: loss } } as typeof base;
  const trainer = new Trainer(config, { classCount, datasetLength: count });
  const seen: number[] = [];
  for (let step = 0; step < 2; step += 1) {
    for (const part of Object.values(trainer.step({ ...batch(), clean: batch() }))) {
      if (part) seen.push(part.item());
      part?.dispose();
    }
  }
  const bytes = tidy(() => [...trainer.state()].map(([name, tensor]) => [name, hash(tensor.toBytes())]));
  trainer.dispose();
  return { seen, bytes };
}

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function expectRepeats(parts: Parts): void {
  const first = twoSteps(parts);
  expect(first.seen.every(Number.isFinite)).toBe(true);
  expect(twoSteps(parts)).toEqual(first);
}

test.each(reweighters.kinds())('with reweighter %s', (kind) => expectRepeats({ reweighter: { kind } }));

test.each(losses.kinds().filter((kind) => kind !== 'cross-entropy'))('with loss %s', (loss) =>
  expectRepeats({ loss }),
);

test.each(['arm', 'closed-form-arm'])('in bfloat16 with reweighter %s', (kind) =>
  expectRepeats({ precision: 'bfloat16', reweighter: { kind } }),
);

test.each(['float32', 'bfloat16'] as const)('in %s with two threads', (precision) =>
  expectRepeats({ precision, reweighter: { kind: 'closed-form-arm' }, threads: 2 }),
);

test('an operator without a deterministic form is refused by name', () => {
  const unpool = native().bindOperator('aten::max_unpool2d', '');
  tidy(() => {
    const values = tensorFrom([1], { dtype: 'float32', shape: [1, 1, 1, 1] });
    const places = tensorFrom([0], { dtype: 'int64', shape: [1, 1, 1, 1] });
    expect(() => unpool(values.id, places.id, [2, 2])).toThrow(
      /max_unpool.* has no deterministic form on cpu; .*deterministic: false/,
    );
  });
});
