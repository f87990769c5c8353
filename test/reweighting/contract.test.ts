/** What every registered reweighter must do, whatever its strategy. */
import { type Reweighter, reweighters, variance } from 'coarsely/reweighting';
import {
  autocast,
  Generator,
  liveTensorCount,
  rand,
  randn,
  scope,
  type Tensor,
  tensorFrom,
  tidy,
} from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let live = 0;
beforeEach(() => {
  live = liveTensorCount();
});
afterEach(() => {
  expect(liveTensorCount()).toBe(live);
});

const shape = [2, 3, 4];
const count = 24;

function create(kind: string): Reweighter {
  using generator = new Generator(1);
  const component = reweighters.get(kind);
  return tidy(() =>
    component.create(component.options.parse({}), { classCount: 5, datasetLength: 0, generator }),
  );
}

function draw(seed: number): { confidenceNHW: Tensor; lossesNHW: Tensor } {
  using generator = new Generator(seed);
  return {
    confidenceNHW: rand(shape, { dtype: 'float32', generator }).mul(2).sub(1),
    lossesNHW: rand(shape, { dtype: 'float32', generator }),
  };
}

const mask = (valid: (index: number) => boolean) =>
  tensorFrom(
    Array.from({ length: count }, (_, index) => Number(valid(index))),
    { dtype: 'bool', shape },
  );

describe.each(reweighters.kinds())('%s', (kind) => {
  test('weights sum to 1 over valid pixels, are not negative, and are 0 where ignored', () => {
    using _inner = scope();
    const reweighter = create(kind);
    const validNHW = mask((index) => index % 3 !== 0);
    const weights = reweighter.weigh({ ...draw(2), validNHW });
    expect(weights.shape).toEqual(shape);
    expect(weights.sum().item()).toBeCloseTo(1, 5);
    expect(weights.min().item()).toBeGreaterThanOrEqual(0);
    expect(weights.mul(validNHW.logicalNot()).abs().sum().item()).toBe(0);
    reweighter.dispose();
  });

  test('is finite with one image ignored whole and with no valid pixel', () => {
    using _inner = scope();
    const reweighter = create(kind);
    const half = reweighter.weigh({ ...draw(3), validNHW: mask((index) => index < 12) });
    expect(half.sum().item()).toBeCloseTo(1, 5);
    const none = reweighter.weigh({ ...draw(3), validNHW: mask(() => false) });
    expect(none.abs().sum().item()).toBe(0);
    reweighter.dispose();
  });

  test('sends no gradient to the network, and computes in float32 under autocast', () => {
    using _inner = scope();
    const reweighter = create(kind);
    using generator = new Generator(4);
    const logitsNCHW = randn([2, 5, 3, 4], { dtype: 'float32', generator }).requiresGrad_();
    const { lossesNHW } = draw(4);
    const weights = autocast({ dtype: 'bfloat16' }, () =>
      reweighter.weigh({ confidenceNHW: variance(logitsNCHW), lossesNHW, validNHW: mask(() => true) }),
    );
    expect(weights.dtype).toBe('float32');
    if (weights.requiresGrad) weights.mul(lossesNHW).sum().backward();
    expect(logitsNCHW.grad).toBeNull();
    reweighter.dispose();
  });

  test('says which map does not fit', () => {
    using _inner = scope();
    const reweighter = create(kind);
    const input = { ...draw(5), validNHW: mask(() => true) };
    expect(() => reweighter.weigh({ ...input, lossesNHW: input.lossesNHW.narrow(2, 0, 3) })).toThrow(
      'weigh: expected lossesNHW float32[2,3,4], received float32[2,3,3]',
    );
    expect(() => reweighter.weigh({ ...input, validNHW: input.lossesNHW })).toThrow(
      'weigh: expected validNHW bool[2,3,4], received float32[2,3,4]',
    );
    reweighter.dispose();
  });

  test('its curve is W at each confidence, and its state survives a round trip', () => {
    using _inner = scope();
    const reweighter = create(kind);
    const curve = reweighter.curve([-1, 0, 1]);
    if (curve !== null) {
      expect(curve).toHaveLength(3);
      for (const weight of curve) expect(weight).toBeGreaterThanOrEqual(0);
    }
    const other = create(kind);
    other.loadStateDict(reweighter.stateDict());
    expect(other.curve([-1, 0, 1])).toEqual(curve);
    other.dispose();
    reweighter.dispose();
  });
});
