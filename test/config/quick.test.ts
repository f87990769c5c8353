/** Checks that a config with a `quick` section is refused where its other sections mean something else. */
import { checkConfig, configSchema, resolveConfig } from 'coarsely/config';
import { ConfigError } from 'coarsely/errors';
import { quickArm, quickCrossEntropy, quickLinearArm, recipes } from 'coarsely/recipes';
import { Trainer } from 'coarsely/training';
import { expect, test } from 'vitest';

const base = {
  data: { root: 'nowhere' },
  model: { backbone: { kind: 'resnet18', frozen: true }, head: { kind: 'hypercolumn' }, auxiliary: null },
  quick: {},
};

const check = (changes: object) =>
  checkConfig(configSchema.parse({ ...base, ...changes }), {
    label: 'mine.yaml',
    checkDataset: () => Promise.reject(new Error('looked at the dataset first')),
  });

test.each([
  [
    { model: { ...base.model, head: { kind: 'fcn' } } },
    'model.head.kind: quick trains a head on stored features; expected hypercolumn, received fcn',
  ],
  [
    { model: { ...base.model, backbone: { kind: 'resnet18', frozen: 'stage2' } } },
    'model.backbone.frozen: quick computes the features of an image once; expected true, received "stage2"',
  ],
  [
    { model: { ...base.model, auxiliary: {} } },
    'model.auxiliary: quick has stored features for its one head alone; expected null',
  ],
  [
    { training: { gradientAccumulationSteps: 2 } },
    'training.gradientAccumulationSteps: quick computes its pixels at once; expected 1, received 2; lower quick.pixels to ' +
      'save memory',
  ],
  [
    { data: { root: 'nowhere', sampling: 'classBalanced' } },
    'data.sampling: quick draws pixels and no crops; expected uniform, received classBalanced; set quick.classBalance',
  ],
])('%j', async (changes, message) => {
  await expect(check(changes)).rejects.toThrow(new ConfigError(`config mine.yaml: ${message}`));
});

test('a head for stored features also trains as a whole network', async () => {
  // It goes past the checks of the parts, to the weights.
  await expect(check({ quick: null, model: { ...base.model, auxiliary: {} } })).rejects.toThrow(
    'would keep random values',
  );
});

test('the recipes differ in the reweighter alone', () => {
  const { name: _, ...baseline } = quickCrossEntropy({ root: 'mine' });
  expect(baseline.data.root).toBe('mine');
  for (const [recipe, kind] of [
    [quickArm, 'arm'],
    [quickLinearArm, 'linear-arm'],
  ] as const) {
    const { name, reweighter, ...rest } = recipe({ root: 'mine' });
    expect(name).toBe(`quick-${kind}`);
    expect(reweighter).toMatchObject({ kind });
    expect(rest).toEqual(baseline);
  }
  const config = resolveConfig('quick', { schema: configSchema, recipes, set: ['data.root=mine'] });
  expect(config.quick).toMatchObject({ pixels: 8192, flip: false, scales: [1] });
});

test('a trainer without stored features does not train such a config on crops', () => {
  const config = configSchema.parse(base);
  expect(() => new Trainer(config, { classCount: 3, datasetLength: 1 })).toThrow(
    'quick: this config trains a head on stored features; train it with trainRun of coarsely/quick, or set quick: null',
  );
});
