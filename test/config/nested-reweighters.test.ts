/** Checks sections inside sections: a reweighter that has another one among its options. */
import { type Config, configSchema, resolveConfig } from 'coarsely/config';
import { ConfigError, OperationError } from 'coarsely/errors';
import { quickArm, quickCrossEntropy, withArm, withCorrection, withTrim } from 'coarsely/recipes';
import { createComponent, parseOptions } from 'coarsely/registry';
import { reweighters, Trim } from 'coarsely/reweighting';
import { Generator } from 'coarsely/torch';
import { describe, expect, it, test } from 'vitest';
import { checkCleanData, learnsFromClean } from '#config/clean-data.js';
import { reweighterSections } from '#config/reweighter-sections.js';
import { rankShare } from '#training/rank-share.js';

const recipes = new Map([['quick', { config: () => quickCrossEntropy({ root: 'nowhere' }) }]]);

function resolve(...set: string[]): Config {
  return resolveConfig('quick', { schema: configSchema, recipes, set });
}

function messageOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

const inTrim = 'reweighter.kind=trim';

describe('--set', () => {
  it('names the inner kind and its options', () => {
    const config = resolve(inTrim, 'reweighter.reweighter.kind=arm', 'reweighter.reweighter.p=3');
    expect(config.reweighter).toMatchObject({
      kind: 'trim',
      share: 0.05,
      start: 0.3,
      momentum: 0.9,
      reweighter: { kind: 'arm', p: 3, learningRateScale: 1, update: 'maximize', weightDecay: null },
    });
    expect(configSchema.parse(config)).toEqual(config);
    expect(resolve(inTrim).reweighter).toMatchObject({ reweighter: null });
    expect(resolve(inTrim, 'reweighter.reweighter.p=1').reweighter).toMatchObject({
      reweighter: { kind: 'arm', p: 1 },
    });
    expect(
      resolve(inTrim, 'reweighter.reweighter={kind: trim, reweighter: {kind: ohem}}').reweighter,
    ).toMatchObject({
      reweighter: { kind: 'trim', reweighter: { kind: 'ohem' } },
    });
  });

  it.each([
    [
      ['reweighter.reweighter.kind=armm'],
      "reweighter.reweighter.kind: unknown reweighter 'armm'; did you mean arm? (known: arm, linear-arm, ",
    ],
    [
      ['reweighter.reweighter.learningRatescale=5'],
      'unknown key reweighter.reweighter.learningRatescale; did you mean reweighter.reweighter.learningRateScale?',
    ],
    [
      ['reweighter.reweighter.kind=ohem', 'reweighter.reweighter.zebra=5'],
      'unknown key reweighter.reweighter.zebra (known here: preset, threshold, minKept, minKeptScope)',
    ],
    [['reweighter.reweighter.p=4'], 'reweighter.reweighter.p: expected one of 1, 2, 3, received 4'],
    [['reweighter.reweighter=arm'], 'reweighter.reweighter: expected a section of keys, received "arm"'],
    [
      ['reweighter.reweigher.kind=arm'],
      'unknown key reweighter.reweigher; did you mean reweighter.reweighter?',
    ],
    [['reweighter.share=1'], 'reweighter.share: expected less than 1, received 1'],
    [
      ['reweighter.reweighter={kind: trim, reweighter: {kind: gce, Q: 1}}'],
      'unknown key reweighter.reweighter.reweighter.Q; did you mean reweighter.reweighter.reweighter.q?',
    ],
  ])('%s is refused in one line', (set, expected) => {
    const message = messageOf(() => resolve(inTrim, ...set));
    expect(message).toContain(`config --set: ${expected}`);
    expect(message.split('\n')).toHaveLength(1);
  });
});

test('a program gets the same messages', () => {
  using generator = new Generator(1);
  const context = { classCount: 2, datasetLength: 0, generator };
  const create = (options: object) => createComponent(reweighters, { kind: 'trim', ...options }, context);
  expect(messageOf(() => create({ reweighter: { kind: 'gce', Q: 1 } }))).toBe(
    "reweighter 'trim': unknown option reweighter.Q; did you mean reweighter.q?",
  );
  expect(messageOf(() => create({ reweighter: { kind: 'armm' } }))).toContain(
    "reweighter 'trim': unknown reweighter 'armm'; did you mean arm?",
  );
  expect(() =>
    parseOptions('trim', reweighters.get('trim').options, { reweighter: { kind: 'gce', q: 2 } }),
  ).toThrow(OperationError);
  expect(() => new Trim({ classCount: 2, share: 3 })).toThrow(OperationError);
});

describe('what a config needs is seen through the nesting', () => {
  const clean = ['reweighter.reweighter.kind=meta-weight-net', 'quick=null'];

  it('clean labels', () => {
    const config = resolve(inTrim, ...clean);
    expect(learnsFromClean(config)).toBe(true);
    expect(learnsFromClean(resolve(inTrim))).toBe(false);
    expect(messageOf(() => checkCleanData(config))).toMatch(
      /^reweighter\.reweighter\.kind: meta-weight-net learns from clean labels, but data\.clean is null/,
    );
    const parts = resolve(inTrim, ...clean, 'training.gradientAccumulationSteps=2');
    expect(messageOf(() => rankShare(parts, 1))).toMatch(
      /expected 1 with reweighter\.reweighter\.kind meta-weight-net, received 2/,
    );
  });

  it('sections, the outermost first', () => {
    const config = configSchema.parse(withTrim(quickArm({ root: 'nowhere' })));
    expect(reweighterSections(config).map(({ kind }) => kind)).toEqual(['trim', 'arm']);
    expect(reweighterSections(config)[1]?.learningRateScale).toBe(1);
    expect(reweighterSections(resolve())).toEqual([]);
  });
});

test('withTrim keeps the reweighter that a recipe has, inside', () => {
  const plain = quickCrossEntropy({ root: 'nowhere' });
  expect(withTrim(plain, { share: 0.1 }).reweighter).toEqual({
    kind: 'trim',
    share: 0.1,
    start: 0.3,
    momentum: 0.9,
    reweighter: null,
  });
  expect(withTrim(withArm(plain)).reweighter).toMatchObject({ reweighter: { kind: 'arm', p: 2 } });
});

test('withCorrection sets its section, which is off by default', () => {
  const plain = quickCrossEntropy({ root: 'nowhere' });
  expect(configSchema.parse(plain).correction).toBeNull();
  expect(configSchema.parse(withCorrection(plain, { threshold: 0.7 })).correction).toEqual({
    threshold: 0.7,
    slopeChange: 0.9,
    moments: 50,
  });
});
