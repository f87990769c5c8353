/** Checks what an experiment takes from earlier starts in its folder: other rows, seeds, configs and options. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type PlanOptions, paperScale, planExperiment, readResults, writeTables } from 'coarsely/experiments';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPlan } from '#experiments/check-plan.js';
import { checkScaleOptions, checkWeightKinds, settingsOfScale } from '#experiments/check-settings.js';
import { tableMarkdown } from '#experiments/markdown.js';
import { readSettings, writeSettings } from '#experiments/settings.js';
import { tablesNamed } from '#experiments/tables.js';
import { begin } from './begin-run.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-earlier-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tables = tablesNamed('table1');
const base = 'cityscapes-coarse-cross-entropy';
const linear = 'cityscapes-coarse-linear-arm';

function plan(more: Partial<PlanOptions> = {}) {
  const scale = paperScale({ cityscapes: folder });
  return planExperiment(tables, { scale, seeds: 2, output: folder, set: ['precision=float32'], ...more });
}

/** Finishes runs by the name of their job; the fraction is their mean IoU. */
function finish(scores: Readonly<Record<string, number>>, more: Partial<PlanOptions> = {}): void {
  for (const job of plan({ seeds: 4, ...more }).queue) {
    const mIoU = scores[job.name];
    if (mIoU !== undefined) begin(job, { mIoU });
  }
}

describe('tables', () => {
  it('hold every finished run, whatever rows and seeds are asked for now', () => {
    finish({ [`${base}-seed0`]: 0.6, [`${base}-seed3`]: 0.64, [`${linear}-seed0`]: 0.61 });
    const some = plan({ seeds: 1, rows: [linear] });
    expect(some.queue.map(({ name }) => name)).toEqual([`${linear}-seed0`]);
    expect(some.jobs.map(({ name }) => name)).toEqual([`${linear}-seed0`, `${base}-seed0`, `${base}-seed3`]);
    const results = readResults(some, { command: 'again' });
    const [baseRow, , linearRow] = results.tables[0]?.rows ?? [];
    expect(baseRow?.scores.mIoU).toMatchObject({ mean: 62, count: 2 });
    expect(linearRow?.difference?.mean).toBeCloseTo(1, 10);
    expect(results.notes).toContainEqual(expect.stringMatching(/^3 of 3 runs are finished, /));
  });

  it('are one page too when there are several, with the verdicts counted at its top', () => {
    finish({
      [`${base}-seed0`]: 0.6,
      [`${base}-seed1`]: 0.62,
      [`${linear}-seed0`]: 0.61,
      [`${linear}-seed1`]: 0.6301,
    });
    const scale = paperScale({ cityscapes: folder });
    const both = planExperiment(tablesNamed('table1,table4'), {
      scale,
      seeds: 2,
      output: folder,
      set: ['precision=float32'],
    });
    const results = readResults(both, { command: 'again' });
    writeTables(both, results);
    const page = readFileSync(path.join(folder, 'tables.md'), 'utf8').split('\n');
    expect(page[0]).toBe('# Table 1, Table 4');
    // Differences of 1 and 1.01: only the gain of Linear ARM is known.
    expect(page[2]).toBe('Of 9 claims of the paper 1 holds, 0 do not hold and 8 are open.');
    expect(page.filter((line) => line.startsWith('## '))).toEqual([
      '## Table 1: Some training details about ARM',
      '## Table 4: ARM with different loss functions',
      '## How it was run',
    ]);
    const { claims } = JSON.parse(readFileSync(path.join(folder, 'table1.json'), 'utf8'));
    expect(claims[1]).toMatchObject({
      statement: 'Suppressing confident pixels gains',
      runName: linear,
      againstName: base,
      seeds: 2,
      verdict: 'holds',
    });
    // 1.005 ± 12.706 · 0.005.
    expect(claims[1].difference.interval.lower).toBeCloseTo(1.005 - 0.06353, 4);
    expect(existsSync(path.join(folder, 'table4.json'))).toBe(true);
  });

  it('leave out folders of another config and say so; a run that is to be trained there is refused', async () => {
    finish({ [`${base}-seed0`]: 0.6, [`${linear}-seed1`]: 0.61 }, { iterations: 7 });
    mkdirSync(path.join(folder, 'runs', `${base}-seed9`));
    const later = plan({ seeds: 1, rows: [linear] });
    expect(later.leftOut).toEqual([`${base}-seed0`, `${linear}-seed1`]);
    const { tables: results, notes } = readResults(later, { command: 'again' });
    expect(results[0]?.rows[0]?.scores.mIoU.count).toBe(0);
    expect(notes).toContain(`Left out, as they hold another config: ${base}-seed0, ${linear}-seed1.`);
    await expect(checkPlan(plan({ seeds: 1 }))).rejects.toThrow(
      `${base}-seed0 holds a run with training.iterations = 7, but 40000 is asked for`,
    );
  });

  it('plan only the rows that are asked for: a change that fits no other is no error', () => {
    finish({ [`${base}-seed0`]: 0.6 });
    const set = ['reweighter.slope=-0.4'];
    const { queue, leftOut } = plan({ rows: [linear], set });
    expect(queue.map(({ name }) => name)).toEqual([`${linear}-seed0`, `${linear}-seed1`]);
    expect(leftOut).toEqual([`${base}-seed0`]);
    expect(() => plan({ set })).toThrow('reweighter');
  });

  it('say below what ran, not what the scale would have run', () => {
    const changes = { iterations: 7, set: ['training.batchSize=3', 'optimizer.learningRate=0.01'] };
    const { notes, tables: results } = readResults(plan(changes), { command: 'again' });
    const text = results.map((result) => tableMarkdown(result, notes)).join('\n');
    expect(text).toContain(
      '- 7 steps of batch 3, learning rate 0.01; images of 2048×1024, crops of 1024×512.',
    );
    expect(text).toContain('- Backbones: resnet101 from random values.');
    const arm = planExperiment(tablesNamed('table2'), {
      scale: paperScale({ cityscapes: folder }, { weights: { resnet101: '/w/r101.pth' } }),
      seeds: 1,
      output: folder,
      rows: ['.*-arm'],
      set: ['reweighter.learningRateScale=4'],
    });
    const armNotes = readResults(arm, { command: 'again' }).notes;
    expect(armNotes).toContain(
      "ARM's learning rate is 4 times the network's (learningRateScale); the paper's is 1.",
    );
    expect(armNotes).toContain('Backbones: resnet101 from /w/r101.pth.');
  });
});

describe('options', () => {
  it('are remembered: a second dataset or backbone is added to the first', () => {
    const first = readSettings(folder, {
      scale: 'paper',
      data: { cityscapes: '/city' },
      weights: { resnet101: 'a.pth' },
      seeds: 5,
    });
    writeSettings(folder, first);
    const second = readSettings(folder, {
      data: { ade20k: '/ade' },
      weights: { resnest101: 'b.pth', resnet101: 'c.pth' },
    });
    expect(second).toMatchObject({
      scale: 'paper',
      seeds: 5,
      data: { cityscapes: '/city', ade20k: '/ade' },
      weights: { resnet101: 'c.pth', resnest101: 'b.pth' },
    });
    expect(readSettings(folder, {})).toEqual(first);
  });

  it('of the other scale are refused, and are not repeated when a folder remembers them', () => {
    expect(() => checkScaleOptions({ weights: { resnet18: 'a' } }, { scale: 'small', mode: 'full' })).toThrow(
      '--weights is of --scale paper, but this experiment has --scale small',
    );
    expect(() => checkScaleOptions({ learningRateScale: 3 }, { scale: 'paper', mode: 'full' })).toThrow(
      '--learning-rate-scale is of --scale small',
    );
    checkScaleOptions({ learningRateScale: 3 }, { scale: 'small', mode: 'full' });
    checkScaleOptions(
      { learningRateScale: 3, weights: { mobilenet_v2: 'a' } },
      { scale: 'paper', mode: 'quick' },
    );
    const remembered = readSettings(folder, { learningRateScale: 3, weights: { resnet101: 'a' } });
    expect(settingsOfScale(remembered)).toMatchObject({ learningRateScale: 3, weights: {} });
    expect(settingsOfScale({ ...remembered, scale: 'paper' })).toMatchObject({
      learningRateScale: undefined,
      weights: { resnet101: 'a' },
    });
  });

  it('name weights of a backbone that some run has', () => {
    const scale = paperScale({ cityscapes: folder });
    expect(() => checkWeightKinds({ resnt101: 'a.pth' }, { tables, scale })).toThrow(
      'no run of these tables has the backbone resnt101; did you mean resnet101? (used: resnet101)',
    );
    // ADE20K has no folder here, so that nothing trains a ResNeSt.
    const table5 = tablesNamed('table5');
    const weights = { resnest101: 'b.pth' };
    expect(() => checkWeightKinds(weights, { tables: table5, scale })).toThrow('used: resnet101');
    checkWeightKinds(weights, { tables: table5, scale: paperScale({ cityscapes: folder, ade20k: folder }) });
    expect(existsSync(path.join(folder, 'runs'))).toBe(false);
  });
});
