/** Checks the keys that add to the objective: class weights, losses of regions and the factor of the pixel loss. */
import { configSchema } from 'coarsely/config';
import { regionLosses as registered } from 'coarsely/losses';
import { describe, expect, test } from 'vitest';
import { explainIssues } from '#config/explain-issues.js';
import { checkObjective } from '#config/objective-sections.js';

const base = { data: { root: 'somewhere' } };
const parsed = (keys: object) => configSchema.parse({ ...base, ...keys });

function complaints(keys: object): string[] {
  const input = { ...base, ...keys };
  const { success, error } = configSchema.safeParse(input, { reportInput: true });
  return success ? [] : explainIssues(configSchema, error.issues, input).map(({ text }) => text);
}

test('nothing is added by default', () => {
  expect(parsed({})).toMatchObject({ classWeights: null, regionLosses: [], pixelLossWeight: 1 });
  expect(parsed({}).loss).toEqual({ kind: 'cross-entropy', labelSmoothing: 0 });
});

test('class weights are balanced, a list or a map', () => {
  for (const classWeights of ['balanced', 'sqrt', [1, 0.5], { pole: 3 }])
    expect(parsed({ classWeights }).classWeights).toEqual(classWeights);
  const expected =
    'classWeights: expected balanced, sqrt, a list with a number of at least 0 for each class, or such numbers by the names ' +
    'of classes, received ';
  expect(complaints({ classWeights: 'even' })).toEqual([`${expected}"even"`]);
  expect(complaints({ classWeights: { pole: 'much' } })).toEqual([`${expected}{"pole":"much"}`]);
  expect(complaints({ classWeights: [1, -1] })).toEqual(['classWeights.1: expected at least 0, received -1']);
});

test('losses of regions have a kind, a weight and the options of their kind', () => {
  const { regionLosses } = parsed({
    regionLosses: [{ kind: 'dice', weight: 0.5 }, { kind: 'lovasz-softmax' }],
  });
  expect(regionLosses).toEqual([
    { kind: 'dice', weight: 0.5, smooth: 1, squared: false, perImage: true, classes: 'present' },
    { kind: 'lovasz-softmax', weight: 1, perImage: true, classes: 'present' },
  ]);
  expect(complaints({ regionLosses: [{ kind: 'dise' }] })).toEqual([
    `regionLosses.0.kind: unknown region loss 'dise'; did you mean dice? (known: ${registered.kinds().join(', ')})`,
  ]);
  expect(complaints({ regionLosses: [{ kind: 'dice', smoth: 1 }] })[0]).toMatch(
    /^unknown key regionLosses\.0\.smoth; did you mean regionLosses\.0\.smooth\?$/,
  );
  expect(complaints({ regionLosses: [{ kind: 'dice', weight: 0 }] })[0]).toMatch(
    /^regionLosses\.0\.weight: expected/,
  );
});

describe('what leaves nothing to learn is refused in one line', () => {
  test.each([
    [{ pixelLossWeight: 0 }, /^pixelLossWeight: 0 leaves no loss; name one in regionLosses/],
    [
      { pixelLossWeight: 0, regionLosses: [{ kind: 'dice' }], reweighter: { kind: 'arm' } },
      /^reweighter\.kind: arm weighs the losses of pixels, which pixelLossWeight: 0 leaves out/,
    ],
  ])('%j', (keys, message) => {
    expect(() => checkObjective(parsed(keys))).toThrow(message);
  });

  test('and what leaves something is not', () => {
    checkObjective(parsed({ pixelLossWeight: 0, regionLosses: [{ kind: 'dice' }] }));
    checkObjective(parsed({ regionLosses: [{ kind: 'dice' }], reweighter: { kind: 'arm' } }));
  });
});
