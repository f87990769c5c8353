/** Holds every registered reweighter to the contract of `Reweighter`. */
import { reweighters } from 'coarsely/reweighting';
import { autocast, liveTensorCount, scope } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { createReweighter, pixelShape, plain, reweighterInput, situations } from './pixel-batch.js';

const byAgreement = { inputs: ['variance', 'agreement'] };
const cases: readonly (readonly [name: string, kind: string, options: object])[] = [
  ...reweighters.kinds().map((kind) => [kind, kind, {}] as const),
  ...['arm', 'linear-arm', 'closed-form-arm'].map(
    (kind) => [`${kind} by agreement`, kind, byAgreement] as const,
  ),
  ['arm by agreement alone', 'arm', { ...byAgreement, discount: 0 }],
  [
    'trim around closed-form-arm by agreement',
    'trim',
    { reweighter: { kind: 'closed-form-arm', ...byAgreement } },
  ],
];

describe.each(cases)('%s', (_, kind, options) => {
  test.each(situations)('weights sum to 1 over valid pixels and are 0 elsewhere: $name', (situation) => {
    using _inner = scope();
    const reweighter = createReweighter(kind, situation, options);
    for (const seed of [2, 3]) {
      const input = reweighterInput(situation, { seed });
      const weights = autocast({ dtype: 'bfloat16' }, () => reweighter.weigh(input));
      const { validNHW } = input;
      expect(weights.shape).toEqual(pixelShape);
      expect(weights.dtype).toBe('float32');
      expect(weights.sum().item()).toBeCloseTo(validNHW.sum().item() === 0 ? 0 : 1, 5);
      expect(weights.min().item()).toBeGreaterThanOrEqual(0);
      expect(weights.mul(validNHW.logicalNot()).abs().sum().item()).toBe(0);
    }
    reweighter.dispose();
  });

  test('in evaluation weighs alike again and again, and learns nothing', () => {
    using _inner = scope();
    const reweighter = createReweighter(kind, {}, options).eval();
    const before = [...reweighter.stateDict()].map(([name, tensor]) => [name, tensor.toTypedArray()]);
    const input = reweighterInput();
    const first = reweighter.weigh(input).toTypedArray();
    expect(reweighter.weigh(input).toTypedArray()).toEqual(first);
    expect([...reweighter.stateDict()].map(([name, tensor]) => [name, tensor.toTypedArray()])).toEqual(
      before,
    );
    reweighter.dispose();
  });

  test('keeps nothing but its state: live tensors stay flat over batches', () => {
    using _inner = scope();
    const reweighter = createReweighter(kind, {}, options);
    const counts = [1, 2, 3, 4].map((seed) => {
      {
        using _step = scope();
        const weights = reweighter.weigh(reweighterInput(plain, { seed }));
        if (weights.requiresGrad) weights.sum().backward();
      }
      return liveTensorCount();
    });
    expect(new Set(counts.slice(1)).size).toBe(1);
    reweighter.dispose();
  });

  test('its weights and its curve are the same after a round trip of its state', () => {
    using _inner = scope();
    const reweighter = createReweighter(kind, {}, options);
    for (const seed of [5, 6]) reweighter.weigh(reweighterInput(plain, { seed }));
    const curve = reweighter.curve([-1, 0, 1]);
    if (curve !== null) {
      expect(curve).toHaveLength(3);
      for (const weight of curve) expect(weight).toBeGreaterThanOrEqual(0);
    }
    const other = createReweighter(kind, {}, options);
    other.loadStateDict(reweighter.stateDict());
    expect(other.curve([-1, 0, 1])).toEqual(curve);
    for (const agreement of reweighter.shownAgreements ?? [])
      expect(other.curve([-1, 0, 1], { agreement })).toEqual(reweighter.curve([-1, 0, 1], { agreement }));
    const input = reweighterInput(plain, { seed: 7 });
    expect(other.weigh(input).toTypedArray()).toEqual(reweighter.weigh(input).toTypedArray());
    other.dispose();
    reweighter.dispose();
  });

  test('says which map does not fit', () => {
    using _inner = scope();
    const reweighter = createReweighter(kind, {}, options);
    const input = reweighterInput();
    expect(() => reweighter.weigh({ ...input, lossesNHW: input.lossesNHW.narrow(2, 0, 3) })).toThrow(
      'weigh: expected lossesNHW float32[2,3,4], received float32[2,3,3]',
    );
    expect(() => reweighter.weigh({ ...input, validNHW: input.lossesNHW })).toThrow(
      'weigh: expected validNHW bool[2,3,4], received float32[2,3,4]',
    );
    reweighter.dispose();
  });

  test('what plays against the network is among its parameters', () => {
    using _inner = scope();
    const reweighter = createReweighter(kind, {}, options);
    const adversary = reweighter.adversarialParameters();
    const own = new Set(reweighter.parameters());
    for (const parameter of adversary?.parameters ?? []) expect(own.has(parameter)).toBe(true);
    expect(adversary?.maximize ?? true).toBe(true);
    reweighter.dispose();
  });
});
