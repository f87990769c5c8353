/** Two ranks that start from a run with a frozen part, in another class order, are one process that does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setThreads } from 'coarsely/torch';
import { expect, onTestFinished, test } from 'vitest';
import { networkConfig, writeTrainedRun } from '../training/trained-source.js';
import { resultsOf, runAlone, runRanks } from './run-ranks.js';

setThreads(1);

interface Started {
  readonly objectives: readonly number[];
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly notices: readonly string[];
}

test('the ranks begin alike, keep the frozen part, and learn the rest together', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-start-ranks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const run = join(folder, 'run');
  writeTrainedRun(run, { config: networkConfig(), names: ['road', 'tree', 'sky'] });
  const model = { weights: run, backbone: { frozen: 'stage3' } };
  const config = networkConfig({ seed: 3, model, normScope: 'global' });
  const options = { config, names: ['sky', 'pole', 'road'], steps: 5 };
  const [reports, alone] = await Promise.all([
    runRanks<Started>('start', { options }),
    runAlone<Started>('start', options),
  ]);
  const [first, second] = resultsOf(reports) as [Started, Started];
  const [whole] = resultsOf([alone]) as [Started];
  expect(whole.notices[1]).toBe('classes: 2 of 3 taken by name; drawn afresh: pole; left out: tree');
  for (const rank of [first, second]) expect(rank.before).toEqual(whole.before);
  expect(second.after).toEqual(first.after);
  for (const [step, objective] of whole.objectives.entries()) {
    const mean = ((first.objectives[step] ?? 0) + (second.objectives[step] ?? 0)) / 2;
    expect(mean / objective, `step ${step}`).toBeCloseTo(1, 4);
  }
  const isFrozen = (name: string) => /^backbone\.(stem|stage[123])\./.test(name);
  for (const [name, digest] of Object.entries(first.before)) {
    if (isFrozen(name)) expect(first.after[name], name).toBe(digest);
    else expect(first.after[name], name).not.toBe(digest);
  }
  expect(Object.keys(first.before).filter(isFrozen).length).toBeGreaterThan(80);
});
