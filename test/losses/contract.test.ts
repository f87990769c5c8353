/** Holds every registered loss to the contract of pixel losses. */
import { losses, type PixelLoss } from 'coarsely/losses';
import { autocast, ops, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { type PixelBatch, pixelBatch, pixelShape, plain, situations } from '../reweighting/pixel-batch.js';

function create(kind: string, classCount = 5): PixelLoss {
  const component = losses.get(kind);
  return component.create(component.options.parse({}), { classCount });
}

const lossesOf = (loss: PixelLoss, { logitsNCHW, labelsNHW, extraHeads }: PixelBatch) =>
  loss(logitsNCHW, labelsNHW, { extraHeads });

const leavesOf = ({ logitsNCHW, extraHeads }: PixelBatch) => [logitsNCHW, ...Object.values(extraHeads)];

/** Returns the gradients of the sum that exist. */
function gradientsOf(batch: PixelBatch, values: Tensor): Tensor[] {
  values.sum().backward();
  return leavesOf(batch).flatMap((leaf) => leaf.grad ?? []);
}

describe.each(losses.kinds())('%s', (kind) => {
  test.each(situations)('finite, float32, 0 where ignored: $name', (situation) => {
    using _inner = scope();
    const batch = pixelBatch(situation);
    const loss = create(kind, situation.classCount);
    const values = autocast({ dtype: 'bfloat16' }, () => lossesOf(loss, batch));
    expect(values.shape).toEqual(pixelShape);
    expect(values.dtype).toBe('float32');
    expect(values.where(batch.validNHW.logicalNot(), 0).abs().sum().item()).toBe(0);
    for (const found of [values, ...gradientsOf(batch, values)]) {
      expect(ops.all(ops.isfinite(found)).item()).toBe(1);
    }
  });

  test('an ignored pixel sends no gradient, neither to logits nor to extra heads', () => {
    using _inner = scope();
    const batch = pixelBatch(plain);
    const found = gradientsOf(batch, lossesOf(create(kind), batch));
    expect(found.length).toBeGreaterThan(0);
    const ignored = batch.validNHW.logicalNot().unsqueeze(1);
    for (const gradient of found) {
      expect(gradient.mul(ignored).abs().sum().item()).toBe(0);
      expect(gradient.abs().sum().item()).toBeGreaterThan(0);
    }
  });

  test('another ignore index is respected', () => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW, extraHeads } = pixelBatch({ name: 'all labeled' });
    const values = create(kind)(logitsNCHW, labelsNHW, { ignoreIndex: 3, extraHeads });
    expect(values.where(labelsNHW.eq(3), 0).abs().sum().item()).toBe(0);
    expect(values.ne(0).sum().item()).toBe(labelsNHW.ne(3).sum().item());
  });

  test('its gradient is the slope of its values', () => {
    using _inner = scope();
    const batch = pixelBatch(plain);
    const loss = create(kind);
    gradientsOf(batch, lossesOf(loss, batch));
    const step = 1e-2;
    leavesOf(batch).forEach((leaf, which) => {
      const gradient = leaf.grad?.toTypedArray();
      if (gradient === undefined) return;
      const values = Array.from(leaf.toTypedArray(), Number);
      for (let index = 0; index < values.length; index += 5) {
        const shifted = (by: number) => {
          const data = values.map((value, at) => (at === index ? value + by : value));
          const moved = tensorFrom(data, { dtype: 'float32', shape: leaf.shape });
          const [logitsNCHW = moved, ...heads] = leavesOf(batch).map((own, at) =>
            at === which ? moved : own,
          );
          const names = Object.keys(batch.extraHeads);
          const extraHeads = Object.fromEntries(heads.map((head, at) => [names[at], head]));
          return lossesOf(loss, { ...batch, logitsNCHW, extraHeads })
            .sum()
            .item();
        };
        const slope = (shifted(step) - shifted(-step)) / (2 * step);
        expect(Math.abs(Number(gradient[index]) - slope)).toBeLessThan(5e-3 * (1 + Math.abs(slope)));
      }
    });
  });

  test('says which shape and type of labels it expected', () => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW, extraHeads } = pixelBatch(plain);
    const loss = create(kind);
    const wrong = (labels: Tensor) => () => loss(logitsNCHW, labels, { extraHeads });
    expect(wrong(labelsNHW.narrow(2, 0, 3))).toThrow('expected labels [2,3,4], received [2,3,3]');
    expect(wrong(labelsNHW.to({ dtype: 'float32' }))).toThrow('labels of dtype int64, received float32');
    expect(() => loss(logitsNCHW.select(0, 0), labelsNHW, { extraHeads })).toThrow(
      'expected logits [N,C,H,W]',
    );
  });

  test('refuses an option that it does not have', () => {
    expect(losses.get(kind).options.safeParse({ nonsense: 1 }).success).toBe(false);
  });
});
