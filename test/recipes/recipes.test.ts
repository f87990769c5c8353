import { resolveConfig, configSchema as schema } from 'coarsely/config';
import { paperScale, quickScale } from 'coarsely/experiments';
import {
  folderArm,
  quickArm,
  recipes,
  scenesCrossEntropy,
  scenesQuickArm,
  withAgreement,
  withArm,
  withLinearArm,
} from 'coarsely/recipes';
import { describe, expect, it } from 'vitest';
import { paperRun } from '#recipes/paper/paper-run.js';

describe('recipes', () => {
  const own = [...recipes.values()].filter(({ group }) => group === undefined);
  it.each(own.map((recipe) => [recipe.name, recipe] as const))('%s is a valid config', (name, recipe) => {
    const config = resolveConfig(name, { schema, recipes, set: ['data.root=some-folder'] });
    expect(config.name).toBe(name);
    expect(config.data.root).toBe('some-folder');
    expect(config.data.train.labels).toBe('coarse');
    expect(config.data.evaluation.labels).toBe('fine');
    expect(recipe.description).toMatch(/^[^\n]{20,110}$/);
  });

  it('ask for the data root of a folder, and know that of the scenes', () => {
    expect(() => resolveConfig('folder-arm', { schema, recipes })).toThrow(
      'config folder-arm: data.root is missing: expected the folder of the dataset (--data ROOT, or data.root)',
    );
    expect(resolveConfig('scenes-arm', { schema, recipes }).data.root).toBe('data/scenes');
    expect(folderArm({ root: 'mine' }).data.root).toBe('mine');
  });
});

describe('quick recipes', () => {
  it('agree on how much faster than the head ARM learns, and the tables in quick mode with them', () => {
    const table = quickScale(paperScale({ cityscapes: 'city' })).scaled(paperRun('cityscapes-coarse', 'arm'));
    const configs = [quickArm(), scenesQuickArm(), 'config' in table ? table.config : null];
    for (const config of configs)
      expect(config?.reweighter).toMatchObject({ kind: 'arm', learningRateScale: 1 });
  });
});

describe('combinators', () => {
  it('change the reweighter and nothing else', () => {
    const baseline = scenesCrossEntropy({ root: 'x' });
    expect(baseline.reweighter).toBeUndefined();
    expect(withArm(baseline, { learningRateScale: 50 })).toEqual({
      ...baseline,
      reweighter: { kind: 'arm', learningRateScale: 50, p: 2, weightDecay: 0 },
    });
    expect(withAgreement(withArm(baseline), { discount: 2 })).toEqual({
      ...baseline,
      reweighter: { ...withArm(baseline).reweighter, inputs: ['variance', 'agreement'], discount: 2 },
      teacher: { momentum: 0.99, evaluate: false },
    });
    expect(withAgreement(baseline).reweighter).toMatchObject({ kind: 'closed-form-arm', discount: 1 });
    expect(withLinearArm(baseline).reweighter).toEqual({ kind: 'linear-arm', slope: -0.5, intercept: 0.5 });
  });
});
