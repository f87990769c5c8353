/** Trains heads on features of one's own, without any image. */
import { OperationError } from 'coarsely/errors';
import { losses } from 'coarsely/losses';
import { featureRows, type TrainHeadOptions, trainHead } from 'coarsely/quick';
import { reweighters } from 'coarsely/reweighting';
import { Generator, randn, setThreads, type Tensor, tensorFrom, tidy, withKernels } from 'coarsely/torch';
import { afterAll, expect, test } from 'vitest';

setThreads(1);
const generator = new Generator(5);
afterAll(() => generator.dispose());

const length = 600;
const small = { steps: 60, pixels: 128, hidden: [16], optimizer: { kind: 'adamw', learningRate: 0.02 } };

/** Two features of very different size, whose signs say the class; every tenth row has no label. */
function ownFeatures(): { features: Float32Array; labels: Uint8Array } {
  const features = new Float32Array(2 * length);
  const noise = tidy(() => randn([length, 2], { dtype: 'float32', generator }).toTypedArray());
  const labels = new Uint8Array(length);
  for (let row = 0; row < length; row++) {
    const [a, b] = [Number(noise[2 * row]), Number(noise[2 * row + 1])];
    features[2 * row] = 1000 + 100 * a;
    features[2 * row + 1] = 0.01 * b;
    labels[row] = row % 10 === 9 ? 255 : (a > 0 ? 1 : 0) + (b > 0 ? 2 : 0);
  }
  return { features, labels };
}

/** The share of labeled rows that a head classifies as they are labeled. */
function accuracy(
  head: { forwardStacked(stacked: Tensor): { logitsNCHW: Tensor } },
  features: Float32Array,
  labels: Uint8Array,
): number {
  const classes = tidy(() => {
    const rows = tensorFrom(features, { dtype: 'float32', shape: [length, 2, 1, 1] });
    return head.forwardStacked(rows).logitsNCHW.argmax(1).toTypedArray();
  });
  const labeled = [...labels.keys()].filter((row) => labels[row] !== 255);
  return labeled.filter((row) => Number(classes[row]) === labels[row]).length / labeled.length;
}

test('a head learns features of any size, and goes on from where it is', () => {
  const own = ownFeatures();
  using rows = featureRows({ ...own, channels: 2 });
  const seen: number[] = [];
  const head = trainHead(rows, { ...small, onStep: (_, objective) => seen.push(objective()) });
  expect(seen).toHaveLength(60);
  expect(seen.at(-1)).toBeLessThan(0.5 * (seen[0] as number));
  expect(accuracy(head, own.features, own.labels)).toBeGreaterThan(0.9);
  // All labels of a class change: a few more steps from the same head are enough to follow.
  const changed = own.labels.map((label) => (label === 3 ? 0 : label));
  using edited = featureRows({ features: own.features, channels: 2, labels: changed });
  const before = accuracy(head, own.features, changed);
  expect(trainHead(edited, { ...small, start: head, classCount: 4 })).toBe(head);
  expect(before).toBeLessThan(0.85);
  expect(accuracy(head, own.features, changed)).toBeGreaterThan(0.9);
  head.dispose();
});

test('wrong labels are left out by trim, and turned by correction, in which the head then agrees with its labels', () => {
  const own = ownFeatures();
  // A seventh of the rows of a class has the label of another one.
  const wrong = own.labels.map((label, row) => (label === 3 && row % 7 < 1 ? 0 : label));
  using rows = featureRows({ features: own.features, channels: 2, labels: wrong });
  const lastLosses = (options: TrainHeadOptions) => {
    const seen: number[] = [];
    const given = { ...small, steps: 120, ...options };
    const head = trainHead(rows, { ...given, onStep: (_, objective) => seen.push(objective()) });
    head.dispose();
    return seen.slice(-20).reduce((sum, loss) => sum + loss, 0) / 20;
  };
  const plain = lastLosses({});
  const reweighter = {
    kind: 'trim',
    share: 0.15,
    reweighter: { kind: 'linear-arm', slope: 0, intercept: 1 },
  };
  expect(lastLosses({ reweighter })).toBeLessThan(0.6 * plain);
  expect(lastLosses({ correction: { moments: 20 } })).toBeLessThan(0.75 * plain);
  expect(() =>
    trainHead(rows, { ...small, correction: {}, reweighter: { kind: 'meta-weight-net' } }),
  ).toThrow(
    'trainHead: correction replaces labels, and the reweighter learns from their losses before each step; leave one out',
  );
});

test('a tensor of features stays the caller’s', () => {
  const { features, labels } = ownFeatures();
  const table = tensorFrom(features, { dtype: 'float32', shape: [length, 2] });
  const rows = featureRows({ features: table, labels });
  const head = trainHead(rows, { ...small, steps: 2 });
  rows[Symbol.dispose]();
  expect(table.shape).toEqual([length, 2]);
  head.dispose();
  table.dispose();
});

test.each(['float16', 'float32'] as const)(
  'rows of a %s tensor come as they are, in either type',
  (dtype) => {
    tidy(() => {
      const features = randn([7, 20], { dtype: 'float32', generator }).to({ dtype });
      const rows = featureRows({ features, labels: new Uint8Array(7) });
      const drawn = [6, 0, 3, 3];
      const expected = features.indexSelect(0, tensorFrom(drawn, { dtype: 'int64', shape: [4] }));
      for (const type of ['float32', 'bfloat16'] as const) {
        const batch = rows.batch(Uint32Array.from(drawn), { dtype: type });
        expect(batch.shape).toEqual([1, 20, 1, 4]);
        expect(batch.isContiguous('channels-last')).toBe(true);
        const found = batch.permute([0, 2, 3, 1]).reshape([4, 20]);
        expect(found).toBeAllclose(expected.to({ dtype: type }), { relative: 0, absolute: 0 });
        const stock = withKernels('stock', () => rows.batch(Uint32Array.from(drawn), { dtype: type }));
        expect(stock).toBeAllclose(batch, { relative: 0, absolute: 0 });
      }
    });
  },
);

test('equal seeds give equal heads', () => {
  const own = ownFeatures();
  using rows = featureRows({ ...own, channels: 2 });
  const state = (options: TrainHeadOptions) => {
    const head = trainHead(rows, { ...small, steps: 3, ...options });
    const bytes = [...head.stateDict().values()].map((tensor) =>
      Buffer.from(tensor.toBytes()).toString('hex'),
    );
    head.dispose();
    return bytes;
  };
  expect(state({ seed: 1 })).toEqual(state({ seed: 1 }));
  expect(state({ seed: 2 })).not.toEqual(state({ seed: 1 }));
});

test.each(reweighters.kinds())('with reweighter %s', (kind) => {
  const own = ownFeatures();
  using rows = featureRows({ ...own, channels: 2 });
  const objectives: number[] = [];
  trainHead(rows, {
    ...small,
    steps: 4,
    clean: rows,
    reweighter: { kind },
    onStep: (_, objective) => objectives.push(objective()),
  }).dispose();
  expect(objectives.every(Number.isFinite)).toBe(true);
});

test.each(losses.kinds())('with loss %s, class weights and drawn classes', (kind) => {
  const own = ownFeatures();
  using rows = featureRows({ ...own, channels: 2 });
  const options = { classWeights: [1, 2, 0.5, 1], classBalance: 'balanced' as const, loss: { kind } };
  trainHead(rows, { ...small, steps: 2, ...options }).dispose();
});

test('what does not fit is refused', () => {
  const own = ownFeatures();
  expect(() => featureRows({ ...own, channels: 3 })).toThrow(
    'featureRows: expected features [600, channels], one row for each label, received 1200 numbers and channels 3',
  );
  using rows = featureRows({ ...own, channels: 2 });
  expect(() => trainHead(rows, { steps: 0 })).toThrow('trainHead: expected steps of at least 1, received 0');
  expect(() => trainHead(rows, { reweighter: { kind: 'meta-weight-net' } })).toThrow(OperationError);
});

test('a teacher is averaged beside a new head, and lets wrong labels weigh less', () => {
  const own = ownFeatures();
  const wrong = own.labels.map((label, row) => (label !== 255 && row % 4 === 0 ? (label + 1) % 4 : label));
  using rows = featureRows({ features: own.features, channels: 2, labels: wrong });
  const reweighter = { kind: 'closed-form-arm', inputs: ['variance', 'agreement'] };
  const options = { ...small, steps: 150, classCount: 4, reweighter, teacher: { momentum: 0.9 } };
  const train = (changes: Partial<TrainHeadOptions> = {}) => {
    const head = trainHead(rows, { ...options, ...changes });
    const bytes = [...head.stateDict().values()].map((tensor) =>
      Buffer.from(tensor.toBytes()).toString('hex'),
    );
    // How sure the head is of the true class says how little it learned of the wrong labels.
    const likelihood = tidy(() => {
      const stacked = tensorFrom(own.features, { dtype: 'float32', shape: [length, 2, 1, 1] });
      const likelihoods = head.forwardStacked(stacked).logitsNCHW.softmax(1).reshape([length, 4]);
      const labels = own.labels.map((label) => (label === 255 ? 0 : label));
      const index = tensorFrom(labels, { dtype: 'uint8', shape: [length, 1] }).to({ dtype: 'int64' });
      return likelihoods.gather(1, index).mean().item();
    });
    head.dispose();
    return { bytes, likelihood };
  };
  const first = train();
  expect(train().bytes).toEqual(first.bytes);
  const uniform = train({ reweighter: null });
  const pure = train({ reweighter: { ...reweighter, discount: 0 } });
  expect(first.likelihood).toBeGreaterThan(uniform.likelihood + 0.2);
  expect(pure.likelihood).toBeLessThan(uniform.likelihood);
  const { teacher: _, ...without } = options;
  expect(() => trainHead(rows, without)).toThrow(
    'trainHead: reweighter closed-form-arm reads agreement with a moving average; expected the option teacher, received none',
  );
  const start = trainHead(rows, { ...small, classCount: 4, steps: 1 });
  expect(() => trainHead(rows, { ...options, start })).toThrow('expected no option start beside teacher');
  start.dispose();
});
