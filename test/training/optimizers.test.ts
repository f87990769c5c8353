/** Checks that every optimizer trains network and reweighter, resumes exactly, and has a rate for the backbone. */
import { createHash } from 'node:crypto';
import { configSchema } from 'coarsely/config';
import { optimizers } from 'coarsely/optim';
import { setThreads, type Tensor, tidy } from 'coarsely/torch';
import { Trainer } from 'coarsely/training';
import { beforeAll, describe, expect, test } from 'vitest';

beforeAll(() => setThreads(1));

const [count, height, width, classCount] = [2, 48, 64, 4];

const pixels = count * height * width;
const batch = {
  images: Float32Array.from({ length: 3 * pixels }, (_, at) => Math.sin(at / 7) + Math.cos(at / 1009)),
  labels: Uint8Array.from({ length: pixels }, (_, at) => (at % 11 === 0 ? 255 : (at >> 6) % classCount)),
  height,
  width,
};

function createTrainer(optimizer: object): Trainer {
  const config = configSchema.parse({
    threads: 1,
    precision: 'float32',
    data: { root: 'nowhere', augmentation: { cropSize: [height, width] } },
    model: { backbone: { kind: 'resnet18' }, head: { kind: 'deeplabv3plus', channels: 8 }, auxiliary: null },
    reweighter: { kind: 'arm', learningRateScale: 20 },
    optimizer,
    schedule: { kind: 'cosine' },
    training: { iterations: 8, batchSize: count, isolatedFraction: 0.25 },
  });
  return new Trainer(config, { classCount, datasetLength: count });
}

function step(trainer: Trainer): void {
  for (const loss of Object.values(trainer.step(batch))) loss?.dispose();
}

/** A digest of the bytes of every tensor. */
const digestsOf = (tensors: ReadonlyMap<string, Tensor>) =>
  new Map(
    [...tensors].map(([name, tensor]) => [name, createHash('sha256').update(tensor.toBytes()).digest('hex')]),
  );

const stateOf = (trainer: Trainer) => tidy(() => digestsOf(trainer.state()));

describe.each(optimizers.kinds())('%s', (kind) => {
  test.each([
    ['one rate', { kind }],
    ['clipped, with a smaller rate for the backbone', { kind, clipNorm: 0.5, backboneScale: 0.1 }],
  ])('a resumed training equals the unbroken one: %s', (_, optimizer) => {
    const unbroken = createTrainer(optimizer);
    for (let taken = 0; taken < 4; taken += 1) step(unbroken);
    const expected = stateOf(unbroken);
    unbroken.dispose();

    const first = createTrainer(optimizer);
    for (let taken = 0; taken < 2; taken += 1) step(first);
    const second = createTrainer(optimizer);
    tidy(() => second.loadState(first.state(), first.stepsTaken));
    first.dispose();
    for (let taken = 0; taken < 2; taken += 1) step(second);
    expect(stateOf(second)).toEqual(expected);
    second.dispose();
  });

  test('moves the network and ARM', () => {
    const trainer = createTrainer({ kind });
    const { model, reweighter } = trainer.components;
    const before = [model, reweighter].map((part) => digestsOf(part?.namedParameters() ?? new Map()));
    for (let taken = 0; taken < 2; taken += 1) step(trainer);
    for (const [place, part] of [model, reweighter].entries()) {
      const after = digestsOf(part?.namedParameters() ?? new Map());
      expect(after.size).toBeGreaterThan(0);
      for (const [name, digest] of after) expect(digest, name).not.toBe(before[place]?.get(name));
    }
    trainer.dispose();
  });

  test('a scale of 0 keeps the parameters of the backbone, and not the others', () => {
    const trainer = createTrainer({ kind, backboneScale: 0 });
    const { model } = trainer.components;
    const before = digestsOf(model.namedParameters());
    step(trainer);
    const after = digestsOf(model.namedParameters());
    for (const [name, digest] of after) {
      if (name.startsWith('backbone.')) expect(digest, name).toBe(before.get(name));
    }
    expect(after.get('head.classifier.weight')).not.toBe(before.get('head.classifier.weight'));
    trainer.dispose();
  });
});

test('the state of another optimizer is refused', () => {
  const [sgd, adam] = [createTrainer({ kind: 'sgd' }), createTrainer({ kind: 'adam' })];
  step(sgd);
  tidy(() => {
    const { optimizer } = adam.components;
    expect(() => optimizer.loadState(sgd.components.optimizer.state())).toThrow(
      /optimizer state, 0\.0: expected no such entry/,
    );
    expect(() => optimizer.loadState(new Map())).toThrow('optimizer state, first.0: expected an entry');
  });
  for (const trainer of [sgd, adam]) trainer.dispose();
});
