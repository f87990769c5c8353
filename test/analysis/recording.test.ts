import { type MetricLine, readRun } from 'coarsely/runs';
import { runTraining, type TrainingEvent } from 'coarsely/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { binCount } from '#analysis/pixel-statistics.js';
import { pixelStatistics } from '#runs/pixel-statistics.js';
import { createPlayground, lossesOf, type Playground, smallConfig } from '../training/training-fixtures.js';

let playground: Playground;
beforeAll(async () => {
  playground = await createPlayground();
});
afterAll(() => playground.remove());

/** Trains four steps, evaluating after two and four. */
async function train(name: string, statistics: { images: number; fineLabels: string | null } | null) {
  const config = smallConfig(playground.root, {
    reweighter: { kind: 'arm', learningRateScale: 50 },
    training: { iterations: 4, evaluateEvery: 2, checkpointEvery: 4, isolatedFraction: 0.25, statistics },
  });
  const runFolder = playground.runFolder(name);
  const events: TrainingEvent[] = [];
  await runTraining(config, { runFolder, onEvent: (event) => events.push(event) });
  return { losses: lossesOf(events), metrics: readRun(runFolder).metrics };
}

/** Leaves out statistics, and the memory that the process happened to hold. */
const learned = (lines: readonly MetricLine[]) =>
  lines.filter(({ split }) => split !== 'statistics' && split !== 'memory');

test('recording statistics changes no loss, no score and no weight, bit for bit', async () => {
  const plain = await train('plain', null);
  const watched = await train('watched', { images: 3, fineLabels: 'fine' });
  expect(watched.losses).toHaveLength(4);
  expect(watched.losses).toEqual(plain.losses);
  expect(learned(watched.metrics)).toEqual(learned(plain.metrics));
  expect(learned(plain.metrics).length).toBeGreaterThan(4);

  const lines = watched.metrics.filter(({ split }) => split === 'statistics');
  expect(lines.map(({ step }) => step)).toEqual([2, 4]);
  for (const { values } of lines) {
    const statistics = pixelStatistics.parse(values);
    expect(statistics.images).toBe(3);
    expect(statistics.bins.pixels).toHaveLength(binCount);
    expect(statistics.compared).toBeGreaterThan(0);
    expect(statistics.compared).toBeLessThanOrEqual(statistics.pixels);
    const { correct, mislabeled } = statistics.byConfidence as NonNullable<typeof statistics.byConfidence>;
    expect(mislabeled.low.pixels + mislabeled.high.pixels).toBe(statistics.mislabeled);
    const shares = [correct.low, correct.high, mislabeled.low, mislabeled.high].map(
      (cell) => cell.weightShare,
    );
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
  }
}, 120_000);

test('fine labels are those of the evaluation unless others are named, which must be there', async () => {
  const { metrics } = await train('default', { images: 1, fineLabels: null });
  const [line] = metrics.filter(({ split }) => split === 'statistics');
  expect(pixelStatistics.parse(line?.values).compared).toBeGreaterThan(0);
  await expect(train('missing', { images: 1, fineLabels: 'finest' })).rejects.toThrow(/finest/);
}, 120_000);
