/** Checks that two ranks with half a batch each have the losses and parameters of one process with the whole batch. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, scope } from 'coarsely/torch';
import { expect, onTestFinished, test } from 'vitest';
import { resultsOf, runAlone, runRanks } from './run-ranks.js';

interface Losses {
  readonly objective: number;
  readonly main: number;
  readonly weighted: number | null;
  readonly auxiliary: number | null;
}

interface Training {
  readonly losses: readonly Losses[];
  /** Number of backward passes whose gradients were averaged over ranks. */
  readonly backwards: number;
  /** Digest of everything learned. */
  readonly learned: string;
  readonly generator: string;
  /** Shares of the pixels that a reweighter has kept, by step. */
  readonly keptShares: readonly (number | null)[];
  /** Shares of the pixels whose label was replaced, by step. */
  readonly correctedShares: readonly (number | null)[];
}

type Trainings = Readonly<Record<string, Training>>;

const isolatedThenJoint = { isolatedFraction: 0.05, iterations: 40 };
const run = (config: object, extra: object = {}) => ({
  config: { normScope: 'global', ...config },
  ...extra,
});

const runs = {
  'cross-entropy': run({ reduction: 'valid' }),
  'cross-entropy over all pixels, clipped': run({ reduction: 'all', optimizer: { clipNorm: 0.5 } }),
  // Two isolated steps, then two joint ones.
  arm: run({ reweighter: { kind: 'arm' }, training: isolatedThenJoint }),
  'arm in stock operators': run({
    kernels: 'stock',
    reweighter: { kind: 'arm', p: 3 },
    training: isolatedThenJoint,
  }),
  'linear-arm': run({ reweighter: { kind: 'linear-arm' }, training: isolatedThenJoint }),
  'closed-form-arm': run({ reweighter: { kind: 'closed-form-arm', bins: 8 } }),
  'active-bias': run({ reweighter: { kind: 'active-bias', grid: [2, 3], minVisits: 2 } }),
  // Its differences of losses magnify a ReLU that rounding flips, as one is with seed 0 on PyTorch 2.13 with AVX-512.
  'meta-weight-net': run({ seed: 3, reweighter: { kind: 'meta-weight-net', hidden: 8 } }, { clean: true }),
  focal: run({ reweighter: { kind: 'focal' } }),
  'arm by agreement': run({
    reweighter: { kind: 'arm', inputs: ['variance', 'agreement'] },
    teacher: { momentum: 0.9 },
    training: isolatedThenJoint,
  }),
  'closed-form-arm by agreement': run({
    reweighter: { kind: 'closed-form-arm', bins: 8, inputs: ['variance', 'agreement'], agreementBins: 4 },
    teacher: { momentum: 0.9 },
    training: isolatedThenJoint,
  }),
  'with a moving average': run({ teacher: { momentum: 0.9 } }),
  'with a moving average that is published': run({ teacher: { momentum: 0.9, evaluate: true } }),
  // The rank of `minKept` is looked for in the first case, and most pixels are below the threshold in the second.
  'ohem by rank': run({ reweighter: { kind: 'ohem', threshold: 0.05, minKept: 2000 } }),
  'ohem by threshold': run({ reweighter: { kind: 'ohem', threshold: 0.2, minKept: 10 } }),
  'ohem whatever the scope of norms': run({
    normScope: 'rank',
    reduction: 'all',
    reweighter: { kind: 'ohem', threshold: 0.05, minKept: 2000 },
  }),
  trim: run({ reweighter: { kind: 'trim', share: 0.1, start: 0.02 } }),
  'trim around arm': run({
    reweighter: { kind: 'trim', share: 0.1, start: 0.02, reweighter: { kind: 'arm' } },
    training: isolatedThenJoint,
  }),
  'trim around ohem': run({
    normScope: 'rank',
    reweighter: {
      kind: 'trim',
      share: 0.1,
      start: 0.02,
      reweighter: { kind: 'ohem', threshold: 0.05, minKept: 2000 },
    },
  }),
  // Begins with the classes after four of six moments, and so corrects in the last steps.
  correction: run(
    { correction: { moments: 6, slopeChange: 0.001, threshold: 0.2 }, training: { iterations: 6 } },
    { steps: 6 },
  ),
  'class weights and losses of regions': run({
    loss: { kind: 'cross-entropy', labelSmoothing: 0.1 },
    classWeights: [0.5, 1, 3, 2, 0],
    regionLosses: [{ kind: 'lovasz-softmax', weight: 0.5 }, { kind: 'dice' }],
  }),
  'losses of unlabeled pixels': run({
    regionLosses: [{ kind: 'candidates' }, { kind: 'relaxation' }, { kind: 'gated-crf', weight: 0.1 }],
    reweighter: { kind: 'arm' },
    training: isolatedThenJoint,
  }),
  'class weights under arm': run({
    classWeights: [0.5, 1, 3, 2, 1],
    reduction: 'all',
    reweighter: { kind: 'arm' },
    training: isolatedThenJoint,
  }),
};

/** Returns the runs, each with a file into which rank 0 or the single process writes its state. */
function withFiles(folder: string, who: string) {
  return Object.fromEntries(
    Object.entries(runs).map(([name, given]) => [name, { ...given, file: fileOf(folder, { who, name }) }]),
  );
}

const fileOf = (folder: string, { who, name }: { readonly who: string; readonly name: string }) =>
  join(folder, `${who} ${name}.safetensors`);

test('two ranks with half the batch each are one process with all of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-ranks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [reports, alone] = await Promise.all([
    runRanks<Trainings>('train', { options: { runs: withFiles(folder, 'ranks') } }),
    runAlone<Trainings>('train', { runs: withFiles(folder, 'alone') }),
  ]);
  const [first, second] = resultsOf(reports) as [Trainings, Trainings];
  const [whole] = resultsOf([alone]) as [Trainings];
  for (const name of Object.keys(runs)) {
    const expected = whole[name]?.losses ?? [];
    expect(expected, name).toHaveLength(name === 'correction' ? 6 : 4);
    for (const [step, losses] of expected.entries()) {
      for (const part of ['objective', 'main', 'weighted', 'auxiliary'] as const) {
        const value = losses[part];
        const [own, others] = [first, second].map((rank) => rank[name]?.losses[step]?.[part]);
        if (value === null) expect([own, others]).toEqual([null, null]);
        else
          expect(((own ?? 0) + (others ?? 0)) / 2 / value, `${name}, step ${step}, ${part}`).toBeCloseTo(
            1,
            4,
          );
      }
    }
    expect(first[name]?.learned, name).toBe(second[name]?.learned);
    expect(first[name]?.keptShares, name).toEqual(second[name]?.keptShares);
    expect(first[name]?.correctedShares, name).toEqual(second[name]?.correctedShares);
    if (name === 'correction') expect(first[name]?.correctedShares.at(-1)).toBeGreaterThan(0.01);
    if (name.startsWith('ohem')) expectSameShares(first[name]?.keptShares, whole[name]?.keptShares);
    expectSameState(fileOf(folder, { who: 'ranks', name }), fileOf(folder, { who: 'alone', name }));
  }
  expect([...reports, alone].map(({ liveTensors }) => liveTensors)).toEqual([0, 0, 0]);
});

/** Compares the shares of kept pixels: the rank that `minKept` asks for, up to pixels whose likelihood rounding moved. */
function expectSameShares(
  shares: readonly (number | null)[] = [],
  expected: readonly (number | null)[] = [],
): void {
  expect(shares).toHaveLength(4);
  for (const [step, share] of shares.entries()) {
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.9);
    expect(Math.abs((share ?? 0) - (expected[step] ?? 0))).toBeLessThan(1e-3);
  }
}

/** Compares parameters, buffers and momenta up to the rounding of sums in another order. */
function expectSameState(path: string, expectedPath: string): void {
  using _tensors = scope();
  const { tensors } = readSafetensors(path);
  const { tensors: expected } = readSafetensors(expectedPath);
  expect([...tensors.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, tensor] of expected) {
    if (name === 'generator') continue;
    const other = tensors.get(name);
    if (other === undefined) throw new Error(`${path} lacks ${name}`);
    // A loss at the edge of an interval may be counted in the next one.
    const absolute = name.endsWith('histogram') ? 2 : 1e-6;
    expect(other, `${path}: ${name}`).toBeAllclose(tensor, { relativeToLargest: 1e-4, absolute });
  }
}

test('a rank exchanges gradients once a step, and goes on from a checkpoint with the same bits', async () => {
  const config = {
    reweighter: { kind: 'arm' },
    teacher: { momentum: 0.9 },
    training: { batchSize: 8, gradientAccumulationSteps: 2 },
  };
  const reports = await runRanks<Trainings>('train', {
    options: {
      runs: { unbroken: { config, dropout: true }, resumed: { config, dropout: true, resumeAt: 2 } },
    },
  });
  const [first, second] = resultsOf(reports) as [Trainings, Trainings];
  for (const { unbroken, resumed } of [first, second]) {
    expect(resumed).toEqual(unbroken);
    // A step has two parts, and only the last one averages gradients over ranks.
    expect(unbroken?.backwards).toBe(4);
  }
  expect(first.unbroken?.learned).toBe(second.unbroken?.learned);
  expect(first.unbroken?.losses).not.toEqual(second.unbroken?.losses);
  expect(first.unbroken?.generator).not.toBe(second.unbroken?.generator);
});

test('trimming and correction go on from a checkpoint with the same bits, in two ranks with two parts each', async () => {
  const config = {
    reweighter: { kind: 'trim', share: 0.1, start: 0.2, reweighter: { kind: 'arm' } },
    correction: { moments: 6, slopeChange: 0.001, threshold: 0.2 },
    training: { batchSize: 8, gradientAccumulationSteps: 2, iterations: 6 },
  };
  const reports = await runRanks<Trainings>('train', {
    options: {
      runs: {
        unbroken: { config, steps: 6, dropout: true },
        resumed: { config, steps: 6, dropout: true, resumeAt: 3 },
        resumedLater: { config, steps: 6, dropout: true, resumeAt: 5 },
      },
    },
  });
  const [first, second] = resultsOf(reports) as [Trainings, Trainings];
  for (const { unbroken, resumed, resumedLater } of [first, second]) {
    expect(resumed).toEqual(unbroken);
    expect(resumedLater).toEqual(unbroken);
    expect(unbroken?.keptShares.some((share) => share !== null && share < 0.97)).toBe(true);
    expect(unbroken?.correctedShares.at(-1)).toBeGreaterThan(0.01);
  }
  expect(first.unbroken?.learned).toBe(second.unbroken?.learned);
});

test.each([
  ['seeds', [{ seed: 0 }, { seed: 1 }]],
  ['crops', [{}, { data: { augmentation: { cropSize: [64, 64] } } }]],
  ['ways to evaluate', [{}, { inference: { boundary: true } }]],
])('ranks that were given different %s are refused', async (_, byRank) => {
  const runs = { any: { config: {}, steps: 0, byRank } };
  const reports = await runRanks<Trainings>('train', { options: { runs }, timeoutSeconds: 10 });
  expect(reports.map(({ error }) => error?.name)).toEqual(['ConfigError', 'ConfigError']);
  expect(reports[0]?.error?.message).toMatch(/rank 0 of 2: the processes were given different configs/);
});

test('where files lie and how they are loaded is up to each rank', async () => {
  const byRank = [
    { data: { root: '/here', workers: 1 } },
    { data: { root: '/there', cacheMiB: 0 }, name: 'other' },
  ];
  const runs = { any: { config: {}, steps: 0, byRank } };
  const reports = await runRanks<Trainings>('train', { options: { runs } });
  expect(resultsOf(reports)).toHaveLength(2);
});
