/** Checks that the recipes behind the paper's tables are valid configs with the settings of section 4.2. */

import { resolveConfig, configSchema as schema } from 'coarsely/config';
import { recipes } from 'coarsely/recipes';
import { describe, expect, it } from 'vitest';
import { paperConfig, testScales } from '#recipes/paper/paper-config.js';
import { methodSections } from '#recipes/paper/paper-methods.js';
import { paperRun, paperRunName } from '#recipes/paper/paper-run.js';

const ofThePaper = [...recipes.values()].filter(({ group }) => group !== undefined);

describe('the recipes of the paper', () => {
  it('are a valid config each, with the paper’s batch, rate and schedule', () => {
    expect(ofThePaper.length).toBeGreaterThan(40);
    for (const { name, description } of ofThePaper) {
      const config = resolveConfig(name, { schema, recipes, set: ['data.root=somewhere'] });
      expect(config).toMatchObject({
        name,
        training: { batchSize: 16, isolatedFraction: 0.05 },
        optimizer: { learningRate: 0.02, weightDecay: 1e-4 },
        schedule: { kind: 'multi-step', warmup: 0.05, milestones: [0.6, 0.9] },
        model: { auxiliary: { weight: 0.4 } },
      });
      expect(description).toMatch(/^[^\n]{10,110}$/);
    }
  });

  it('differ from their baseline in the method alone', () => {
    const { name: _, ...arm } = paperConfig(paperRun('cityscapes-coarse', 'arm'));
    const { name: __, ...baseline } = paperConfig(paperRun('cityscapes-coarse', 'cross-entropy'));
    expect(arm).toEqual({
      ...baseline,
      reweighter: { kind: 'arm', p: 2, learningRateScale: 1, update: 'negative-rate' },
    });
  });

  it('train as long as the paper did', () => {
    const steps = (name: string) => recipes.get(name)?.config().training?.iterations;
    expect(steps('cityscapes-fine-arm')).toBe(40_000);
    expect(steps('ade20k-linear-arm')).toBe(160_000);
    expect(steps('cityscapes-coarse-extension-arm')).toBe(200_000);
  });

  it('test ADE20K at the base size it is trained at, and Cityscapes at its own', () => {
    const inference = (name: string) =>
      resolveConfig(name, { schema, recipes, set: ['data.root=somewhere'] }).inference;
    expect(inference('ade20k-arm')).toMatchObject({ baseSize: [2048, 512], scales: [1], flip: false });
    expect(inference('cityscapes-fine-arm')).toMatchObject({ baseSize: null, scales: [1], flip: false });
    const several = paperConfig(paperRun('ade20k', 'arm', { protocol: 'multi-scale' })).inference;
    expect(several).toEqual({ baseSize: [2048, 512], scales: [...testScales], flip: true });
  });

  it('are named by what they are', () => {
    const run = paperRun('cityscapes-fine', 'ohem', { backbone: 'smaller', head: 'ocr' });
    expect(paperRunName(run)).toBe('cityscapes-fine-ohem-resnet50-ocr');
    expect(paperRunName({ ...run, backbone: 'larger', head: 'deeplabv3plus' })).toBe('cityscapes-fine-ohem');
  });
});

describe('a method', () => {
  it('takes from its scale what depends on size', () => {
    const scale = { armLearningRateScale: 5, ohemMinKept: 123 };
    expect(methodSections('arm-p3', scale)).toEqual({
      reweighter: { kind: 'arm', p: 3, learningRateScale: 5 },
    });
    expect(methodSections('ohem', scale).reweighter).toMatchObject({ threshold: 0.7, minKept: 123 });
    expect(methodSections('kl-arm', scale)).toMatchObject({
      loss: { kind: 'kl' },
      confidence: { kind: 'kl-scale' },
    });
    expect(methodSections('cross-entropy', scale)).toEqual({});
  });
});
