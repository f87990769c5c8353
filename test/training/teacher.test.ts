/** The moving average of the network: its numbers, what it leaves alone, what a run publishes, and resume bit for bit. */
import { createHash } from 'node:crypto';
import { ChosenImages, measureStatistics, modelWithObjective } from 'coarsely/analysis';
import { type Config, configSchema, datasetSection } from 'coarsely/config';
import { openDataset } from 'coarsely/data';
import { evaluate, inferenceOptions, loadRun } from 'coarsely/evaluation';
import { crossEntropy } from 'coarsely/losses';
import { BatchNorm2d, Buffer, Conv2d, Module } from 'coarsely/nn';
import { Sgd } from 'coarsely/optim';
import { LinearArm, variance } from 'coarsely/reweighting';
import { metricRecords, readRun } from 'coarsely/runs';
import { Generator, noGrad, readSafetensors, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { runTraining, Trainer } from 'coarsely/training';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MovingAverage, momentumAt } from '#training/moving-average.js';
import { objectiveOf } from '#training/objective.js';
import { createPlayground, type Playground, smallConfig } from './training-fixtures.js';

let playground: Playground;
beforeAll(async () => {
  playground = await createPlayground();
});
afterAll(() => playground.remove());

const [height, width] = [32, 32];
const batchSize = 2;
const classCount = 4;

function batch(step: number, count: number) {
  const images = Float32Array.from({ length: count * 3 * height * width }, (_, place) =>
    Math.sin(place * 12.9898 + step * 78.233),
  );
  const labels = Uint8Array.from({ length: count * height * width }, (_, place) =>
    place % 11 === 0 ? 255 : Math.floor(place / 37 + step) % classCount,
  );
  return { images, labels, height, width };
}

function config(teacher: object | null, changes: object = {}): Config {
  return configSchema.parse({
    threads: 1,
    precision: 'float32',
    data: { root: '/nowhere' },
    model: {
      backbone: { kind: 'resnet18', frozen: 'stage1' },
      head: { kind: 'deeplabv3plus', channels: 16 },
      auxiliary: { channels: 8 },
    },
    training: { iterations: 20, batchSize },
    teacher,
    ...changes,
  });
}

function step(trainer: Trainer): number {
  const losses = trainer.step(batch(trainer.stepsTaken, trainer.config.training.batchSize));
  const objective = losses.objective.item();
  for (const loss of Object.values(losses)) loss?.dispose();
  return objective;
}

const hashesOf = (state: ReadonlyMap<string, Tensor>) =>
  new Map(
    [...state].map(([name, tensor]) => [name, createHash('sha256').update(tensor.toBytes()).digest('hex')]),
  );

class Small extends Module {
  readonly convolution: Conv2d;
  readonly norm = new BatchNorm2d(2);

  constructor(generator: Generator) {
    super();
    this.convolution = new Conv2d(1, 2, { kernelSize: 1, generator });
  }
}

describe('the moving average', () => {
  test('is the recurrence m·average + (1 − m)·current, for parameters and buffers alike', () => {
    using _tensors = scope();
    using generator = new Generator(1);
    const [model, copy] = [new Small(generator), new Small(generator)];
    const average = new MovingAverage({ average: copy, model }, { momentum: 0.75, warmUp: false });
    average.restart();
    expect(hashesOf(copy.stateDict())).toEqual(hashesOf(model.stateDict()));
    const expected = new Map(
      [...model.stateDict()].map(([name, tensor]) => [name, Array.from(tensor.toTypedArray(), Number)]),
    );
    for (let taken = 0; taken < 4; taken++) {
      for (const [place, [name, tensor]] of [...model.stateDict()].entries()) {
        const values = Array.from({ length: tensor.numel }, (_, index) =>
          Math.sin(1 + taken + place + index),
        );
        noGrad(() => tensor.copy_(tensorFrom(values, { dtype: 'float32', shape: tensor.shape })));
        const before = expected.get(name) ?? [];
        expected.set(
          name,
          before.map((value, index) => 0.75 * value + 0.25 * (values[index] ?? 0)),
        );
      }
      average.update(taken);
    }
    for (const [name, tensor] of copy.stateDict()) {
      for (const [index, value] of Array.from(tensor.toTypedArray(), Number).entries())
        expect(value).toBeCloseTo(expected.get(name)?.[index] ?? Number.NaN, 6);
    }
    model.dispose();
    copy.dispose();
  });

  test('keeps little at first: one tenth after the first step, then more until the momentum', () => {
    const options = { momentum: 0.99, warmUp: true };
    expect(momentumAt(0, options)).toBe(0.1);
    expect(momentumAt(8, options)).toBe(0.5);
    expect(momentumAt(889, options)).toBeCloseTo(890 / 899, 12);
    expect(momentumAt(2000, options)).toBe(0.99);
    expect(momentumAt(0, { momentum: 0.99, warmUp: false })).toBe(0.99);
  });
});

describe('a trainer with a teacher', () => {
  test('learns what one without it learns, bit for bit', () => {
    using _tensors = scope();
    const plain = new Trainer(config(null), { classCount, datasetLength: 2 });
    const trainer = new Trainer(config({ momentum: 0.5 }), { classCount, datasetLength: 2 });
    for (let taken = 0; taken < 3; taken++) expect(step(trainer)).toBe(step(plain));
    const [state, expected] = [hashesOf(trainer.state()), hashesOf(plain.state())];
    for (const [name, hash] of expected) expect(state.get(name), name).toBe(hash);
    const beside = [...state.keys()].filter((name) => !expected.has(name));
    expect(beside.every((name) => name.startsWith('teacher.'))).toBe(true);
    // What is frozen is the network's own.
    expect(beside.some((name) => name.startsWith('teacher.backbone.stage1.'))).toBe(false);
    expect(beside).toContain('teacher.backbone.stage2.0.bn1.running_mean');
    plain.dispose();
    trainer.dispose();
  });

  test('follows the networks of all steps, also where the batch is computed in parts', () => {
    using _tensors = scope();
    const changes = { training: { iterations: 20, batchSize: 4, gradientAccumulationSteps: 2 } };
    const given = config({ momentum: 0.5, warmUp: false }, changes);
    const trainer = new Trainer(given, { classCount, datasetLength: 2 });
    const { model, teacher } = trainer.components;
    const name = 'head.classifier.weight';
    const read = (module: Module | null) =>
      Array.from(module?.stateDict().get(name)?.toTypedArray() ?? [], Number);
    let expected = read(model);
    for (let taken = 0; taken < 3; taken++) {
      step(trainer);
      expected = expected.map((value, index) => (value + (read(model)[index] ?? 0)) / 2);
    }
    for (const [index, value] of read(teacher).entries())
      expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 6);
    expect(read(teacher)).not.toEqual(read(model));
    expect(teacher?.training).toBe(false);
    trainer.dispose();
  });

  test.each([false, true])('goes on from its state with the same bits (evaluate: %s)', (published) => {
    using _tensors = scope();
    const given = config({ momentum: 0.9, evaluate: published });
    const unbroken = new Trainer(given, { classCount, datasetLength: 2 });
    for (let taken = 0; taken < 4; taken++) step(unbroken);
    const first = new Trainer(given, { classCount, datasetLength: 2 });
    for (let taken = 0; taken < 2; taken++) step(first);
    const resumed = new Trainer(given, { classCount, datasetLength: 2, startsAnew: false });
    resumed.loadState(first.state(), 2);
    for (let taken = 2; taken < 4; taken++) step(resumed);
    expect(hashesOf(resumed.state())).toEqual(hashesOf(unbroken.state()));
    // A state can be read by a trainer that publishes the other of the two.
    const other = new Trainer(config({ momentum: 0.9, evaluate: !published }), {
      classCount,
      datasetLength: 2,
    });
    other.loadState(unbroken.state(), 4);
    for (const part of ['model', 'teacher'] as const) {
      const [own, expected] = [other.components[part], unbroken.components[part]];
      expect(hashesOf(own?.stateDict() ?? new Map())).toEqual(hashesOf(expected?.stateDict() ?? new Map()));
    }
    for (const trainer of [unbroken, first, resumed, other]) trainer.dispose();
  });

  test('refuses a state without an average, and says what to do', () => {
    using _tensors = scope();
    const plain = new Trainer(config(null), { classCount, datasetLength: 2 });
    const trainer = new Trainer(config({}), { classCount, datasetLength: 2 });
    expect(() => trainer.loadState(plain.state(), 0)).toThrow(
      'the checkpoint has no moving average; expected one, as the config has a teacher; set teacher: null to go on without',
    );
    plain.dispose();
    trainer.dispose();
  });
});

describe('a run with a teacher', () => {
  const teacherConfig = (evaluateTeacher: boolean) => ({
    ...smallConfig(playground.root),
    teacher: { momentum: 0.9, warmUp: true, evaluate: evaluateTeacher },
  });
  const metricsOf = (folder: string, split: 'train' | 'val') =>
    metricRecords(readRun(folder), split).map(({ step: at, values }) => ({ at, values }));

  test('publishes the average where the config says so, and is scored by it', async () => {
    const [learner, average] = [playground.runFolder('learner'), playground.runFolder('average')];
    await runTraining(teacherConfig(false), { runFolder: learner, environment: null });
    const published = teacherConfig(true);
    await runTraining(published, { runFolder: average, environment: null });
    expect(metricsOf(average, 'train')).toEqual(metricsOf(learner, 'train'));
    const score = metricRecords(readRun(average), 'val').at(-1);
    using loaded = await loadRun(average);
    const dataset = await openDataset(datasetSection(published.data, 'evaluation'));
    const again = await evaluate(loaded.model, dataset, {
      ...inferenceOptions(published),
      precision: 'float32',
    });
    expect(again.mIoU).toBeCloseTo(score?.values.mIoU ?? Number.NaN, 10);
    const [states, beside] = [checkpointOf(average), checkpointOf(learner)];
    expect(states.get('model.head.classifier.weight')).toBe(beside.get('teacher.head.classifier.weight'));
    expect(states.get('student.head.classifier.weight')).toBe(beside.get('model.head.classifier.weight'));
  });

  test('another run starts from the average that it published', async () => {
    const { model, ...rest } = smallConfig(playground.root, { training: { iterations: 1 } });
    const folder = playground.runFolder('average');
    const { classes } = await openDataset(datasetSection(rest.data, 'train'));
    using _tensors = scope();
    const trainer = new Trainer(
      { ...rest, model: { ...model, weights: folder } },
      { classCount: classes.length, classNames: classes.map(({ name }) => name), datasetLength: 6 },
    );
    expect(hashesOf(trainer.state()).get('model.head.classifier.weight')).toBe(
      checkpointOf(folder).get('model.head.classifier.weight'),
    );
    trainer.dispose();
  });

  test.each([false, true])('resumes bit for bit (evaluate: %s)', async (published) => {
    const unbroken = playground.runFolder(published ? 'average' : 'learner');
    const folder = playground.runFolder(`broken-${published}`);
    let steps = 0;
    const shouldStop = () => ++steps === 3;
    const given = teacherConfig(published);
    expect(await runTraining(given, { runFolder: folder, environment: null, shouldStop })).toBe(
      'interrupted',
    );
    expect(await runTraining(given, { runFolder: folder, environment: null, resume: true })).toBe('finished');
    for (const split of ['train', 'val'] as const)
      expect(metricsOf(folder, split)).toEqual(metricsOf(unbroken, split));
    expect(checkpointOf(folder)).toEqual(checkpointOf(unbroken));
  });
});

describe('agreement in a step', () => {
  /** Predicts fixed logits, whatever the images. */
  class Fixed extends Module {
    readonly logits: Buffer;

    constructor(values: readonly number[]) {
      super();
      this.logits = new Buffer(tensorFrom(values, { dtype: 'float32', shape: [1, 2, 1, 3] }));
    }

    forward() {
      return { logitsNCHW: this.logits.add(0), auxiliaryLogitsNCHW: null };
    }
  }

  test('is that of the labels with the teacher, and the losses are the network’s', () => {
    using _tensors = scope();
    const odds = (values: readonly number[]) => [...values.map(Math.log), 0, 0, 0];
    const model = new Fixed(odds([3, 1, 1]));
    const teacher = new Fixed(odds([1, 4, 9]));
    const reweighter = new LinearArm({ slope: 0, intercept: 1, inputs: ['variance', 'agreement'] });
    const losses = objectiveOf(
      {
        model,
        teacher,
        reweighter,
        optimizer: new Sgd([{ parameters: [] }]),
        pixelLoss: crossEntropy,
        confidence: variance,
        reduction: 'valid',
        auxiliaryWeight: 0,
      },
      {
        ...model.forward(),
        teacherLogitsNCHW: teacher.forward().logitsNCHW,
        batch: {
          imagesNCHW: tensorFrom([0, 0, 0], { dtype: 'float32', shape: [1, 1, 1, 3] }),
          labelsNHW: tensorFrom([0, 1, 0], { dtype: 'int64', shape: [1, 1, 3] }),
        },
        phase: 'joint',
      },
    );
    // The teacher's ratios for the labels are 1, 1/4 and 1; the network's losses are −ln 0.75, ln 2 and ln 2.
    const expected = (-Math.log(0.75) + 0.25 * Math.log(2) + Math.log(2)) / 2.25;
    expect(losses.weighted?.item()).toBeCloseTo(expected, 5);
    model.dispose();
    teacher.dispose();
    reweighter.dispose();
  });

  test('needs a teacher, which the config is told', () => {
    const inputs = ['variance', 'agreement'];
    const message =
      'inputs: agreement of arm reads what a moving average of the network predicts, but teacher is null; keep one: ' +
      "--set 'teacher={momentum: 0.99}'";
    const refused = (reweighter: object) => () =>
      new Trainer(config(null, { reweighter }), { classCount, datasetLength: 2 });
    expect(refused({ kind: 'arm', inputs })).toThrow(`reweighter.${message}`);
    expect(refused({ kind: 'trim', reweighter: { kind: 'arm', inputs } })).toThrow(
      `reweighter.reweighter.${message}`,
    );
  });

  test.each([false, true])('is measured again from a run (evaluate: %s)', async (published) => {
    const given = {
      ...smallConfig(playground.root, { reweighter: { kind: 'arm', inputs: ['variance', 'agreement'] } }),
      teacher: { momentum: 0.9, warmUp: true, evaluate: published },
    };
    const folder = playground.runFolder(`agreement-${published}`);
    const statistics = { images: 2, fineLabels: null };
    const training = { ...given.training, statistics };
    const measured = { ...given, training };
    await runTraining(measured, { runFolder: folder, environment: null });
    const { weight, byAgreement } = metricRecords(readRun(folder), 'weights').at(-1)?.values ?? {};
    expect(byAgreement?.map(({ agreement }) => agreement)).toEqual([-1, 0, 1]);
    expect(byAgreement?.at(-1)?.weight).toEqual(weight);
    const recorded = metricRecords(readRun(folder), 'statistics').at(-1)?.values;
    using run = await loadRun(folder);
    const images = await ChosenImages.open(measured.data, { ...statistics, count: 2 });
    using objective = modelWithObjective(run, { device: 'cpu', datasetLength: 6 });
    const again = await measureStatistics(objective, images);
    expect(again.pixels).toBe(recorded?.pixels);
    // The published network is measured, which is the one that learned only where the average stands beside it.
    const shares = [again, recorded].map((one) => one?.bins.weightShare ?? []);
    const difference = Math.max(
      ...(shares[0] ?? []).map((share, bin) => Math.abs(share - (shares[1]?.[bin] ?? 0))),
    );
    expect(difference).toBeLessThan(published ? 1 : 1e-4);
  });
});

function checkpointOf(folder: string): Map<string, string> {
  using _tensors = scope();
  return hashesOf(readSafetensors(readRun(folder).lastCheckpoint?.file ?? '').tensors);
}
