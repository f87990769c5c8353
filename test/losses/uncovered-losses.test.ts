/** Compares the losses of unlabeled pixels with plain loops, and shows that each does what it is for. */

import {
  candidates,
  type GatedCrfOptions,
  gatedCrf,
  type RegionLoss,
  regionLosses,
  relaxation,
} from 'coarsely/losses';
import { autocast, Generator, rand, randn, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { type PlainBatch, slowCandidates, slowGatedCrf, slowRelaxation } from './slow-region-losses.js';

const shape = [3, 4, 6, 7] as const;
const [images, classes, height, width] = shape;
const pixels = images * height * width;

/** Makes a batch of numbers: images with many labels, with few, and without any. */
function plainBatch(): PlainBatch {
  using _numbers = scope();
  using generator = new Generator(11);
  const numbers = (tensor: Tensor) => Array.from(tensor.toTypedArray(), Number);
  const logits = numbers(randn(shape, { dtype: 'float32', generator })).map((value) => 2 * value);
  const colors = numbers(rand([images, 3, height, width], { dtype: 'float32', generator }));
  const labels = Array.from({ length: pixels }, (_, place) => {
    const image = Math.floor(place / (height * width));
    const x = place % width;
    if (image === 2) return 255;
    return image === 0 && x > 2 ? 255 : place % 3 === 0 ? 255 : (place >> 1) % 3;
  });
  // The last two columns of the second image are padding.
  const inside = Array.from({ length: pixels }, (_, place) =>
    Math.floor(place / (height * width)) === 1 && place % width > 4 ? 0 : 1,
  );
  return { shape, logits, labels, inside, colors, candidates: [1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0] };
}

function tensorsOf(batch: PlainBatch) {
  return {
    logitsNCHW: tensorFrom(batch.logits, { dtype: 'float32', shape }).requiresGrad_(),
    labelsNHW: tensorFrom(batch.labels, { dtype: 'int64', shape: [images, height, width] }),
    context: {
      insideNHW: tensorFrom(batch.inside, { dtype: 'uint8', shape: [images, height, width] }).ne(0),
      candidatesNC: tensorFrom(batch.candidates, { dtype: 'uint8', shape: [images, classes] }).ne(0),
      colorsN3HW: tensorFrom(batch.colors, { dtype: 'float32', shape: [images, 3, height, width] }),
    },
  };
}

interface Case {
  readonly name: string;
  readonly loss: RegionLoss;
  readonly slow: (batch: PlainBatch) => number;
  readonly cellSize?: number;
}

const cases: Case[] = [
  { name: 'candidates', loss: candidates(), slow: slowCandidates },
  {
    name: 'candidates, bounded',
    loss: candidates({ q: 0.4 }),
    slow: (batch) => slowCandidates(batch, { q: 0.4 }),
  },
  {
    name: 'candidates, over all images at once',
    loss: candidates({ perImage: false }),
    slow: (batch) => slowCandidates(batch, { perImage: false }),
  },
  {
    name: 'relaxation',
    loss: relaxation({ radius: 1 }),
    slow: (batch) => slowRelaxation(batch, { reach: 1 }),
  },
  {
    name: 'relaxation by cells, over all images at once',
    loss: relaxation({ radius: 9, perImage: false }),
    slow: (batch) => slowRelaxation(batch, { reach: 2, perImage: false }),
    cellSize: 4,
  },
  {
    name: 'gated CRF',
    loss: gatedCrf({ stride: 1, colorSigma: 0.4 }),
    slow: (batch) => slowGatedCrf(batch, { colorSigma: 0.4 }),
  },
  ...(
    [
      { radius: 1, stride: 2, colorSigma: 0.5, destinations: 'all', sources: 'labeled' },
      { radius: 2, stride: 1, placeSigma: 1, colorSigma: 0.6, sources: 'uncovered', perImage: false },
      { radius: 3, stride: 3, colorSigma: 0.3 },
    ] satisfies GatedCrfOptions[]
  ).map((options) => ({
    name: `gated CRF ${JSON.stringify(options)}`,
    loss: gatedCrf(options),
    slow: (batch: PlainBatch) => slowGatedCrf(batch, options),
  })),
  {
    name: 'gated CRF by cells',
    loss: gatedCrf({ stride: 8, colorSigma: 0.4 }),
    slow: (batch) => slowGatedCrf(batch, { stride: 2, colorSigma: 0.4 }),
    cellSize: 4,
  },
];

describe.each(cases)('$name', ({ loss, slow, cellSize = 1 }) => {
  test('is the plain loop, and its gradient is the slope of the loop', () => {
    using _inner = scope();
    const batch = plainBatch();
    const { logitsNCHW, labelsNHW, context } = tensorsOf(batch);
    const found = loss(logitsNCHW, labelsNHW, { ...context, cellSize });
    const expected = slow(batch);
    expect(expected).toBeGreaterThan(0.01);
    expect(found.dtype).toBe('float32');
    expect(found.item() / expected).toBeCloseTo(1, 5);
    found.backward();
    const gradient = Array.from((logitsNCHW.grad as Tensor).toTypedArray(), Number);
    const step = 1e-5;
    let largest = 0;
    for (let index = 0; index < gradient.length; index += 5) {
      const moved = (by: number) =>
        slow({ ...batch, logits: batch.logits.map((value, at) => (at === index ? value + by : value)) });
      const slope = (moved(step) - moved(-step)) / (2 * step);
      largest = Math.max(largest, Math.abs(slope));
      expect(Math.abs((gradient[index] ?? 0) - slope)).toBeLessThan(1e-5 * (1 + Math.abs(expected)));
    }
    expect(largest).toBeGreaterThan(1e-4);
  });

  test('is the same under autocast, and finite for logits of any size', () => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW, context } = tensorsOf(plainBatch());
    const given = { ...context, cellSize };
    const plain = loss(logitsNCHW, labelsNHW, given).item();
    const automatic = autocast({ dtype: 'bfloat16' }, () => loss(logitsNCHW, labelsNHW, given));
    expect(automatic.item()).toBe(plain);
    const large = logitsNCHW.detach().mul(3000).requiresGrad_();
    const found = loss(large, labelsNHW, given);
    found.backward();
    expect(Number.isFinite(found.item())).toBe(true);
    expect(Number.isFinite((large.grad as Tensor).sum().item())).toBe(true);
  });
});

/** Is the kinds that read pixels in their arrangement, and of networks only the one that learns. */
const kinds = regionLosses.kinds().filter((kind) => {
  const { needs = [] } = regionLosses.get(kind);
  return needs.includes('layout') && !needs.includes('teacher');
});

test('candidates: the likelihood of a class that nobody drew in the image moves to the classes that are there', () => {
  using _inner = scope();
  // Two pixels: one is labeled 0; the other has none, and the network takes it for class 2, which no label has.
  const logitsNCHW = tensorFrom([0, 0, 0, 1, 0, 3], {
    dtype: 'float32',
    shape: [1, 3, 1, 2],
  }).requiresGrad_();
  const labelsNHW = tensorFrom([0, 255], { dtype: 'int64', shape: [1, 1, 2] });
  const candidatesNC = tensorFrom([1, 1, 0], { dtype: 'uint8', shape: [1, 3] }).ne(0);
  const loss = candidates();
  const before = loss(logitsNCHW, labelsNHW, { candidatesNC });
  before.backward();
  const [labeled0, open0, labeled1, open1, labeled2, open2] = Array.from(
    (logitsNCHW.grad as Tensor).toTypedArray(),
    Number,
  );
  expect([labeled0, labeled1, labeled2]).toEqual([0, 0, 0]);
  expect(open2).toBeGreaterThan(0.5);
  // What is taken away goes to both classes by their likelihood, 1 to e.
  expect((open1 as number) / (open0 as number)).toBeCloseTo(Math.E, 4);
  expect(open1).toBeLessThan(0);
  expect(() => loss(logitsNCHW, labelsNHW)).toThrow('candidates: expected candidatesNC [1,3], received none');
});

test.each(kinds)(
  '%s: an image counts the same in any batch, and nothing counts where no pixel does',
  (kind) => {
    using _inner = scope();
    const component = regionLosses.get(kind);
    const loss = component.create(component.options.parse({}), {});
    const { logitsNCHW, labelsNHW, context } = tensorsOf(plainBatch());
    const parts = Array.from({ length: images }, (_, image) => {
      const part = (tensor: Tensor) => tensor.narrow(0, image, 1);
      const { insideNHW, candidatesNC, colorsN3HW } = context;
      return loss(part(logitsNCHW), part(labelsNHW), {
        insideNHW: part(insideNHW),
        candidatesNC: part(candidatesNC),
        colorsN3HW: part(colorsN3HW),
      }).item();
    });
    const mean = parts.reduce((sum, part) => sum + part, 0) / images;
    expect(loss(logitsNCHW, labelsNHW, context).item()).toBeCloseTo(mean, 6);
    const outside = loss(logitsNCHW, labelsNHW, { ...context, insideNHW: labelsNHW.lt(0) });
    outside.backward();
    expect(outside.item()).toBe(0);
    expect((logitsNCHW.grad as Tensor).abs().max().item()).toBe(0);
  },
);
