/** Checks trimming: which pixels are left out, when, for which class, and that all else is the inner reweighter's. */
import { Arm, MetaWeightNet, Ohem, type ReweighterInput, reweighters, Trim } from 'coarsely/reweighting';
import { Generator, rand, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { reweighterInput } from './pixel-batch.js';

/** Creates the input of a row of pixels: [class, loss], or [255, loss] without a label. */
function input(
  pixels: readonly (readonly [number, number])[],
  progress?: number,
): ReweighterInput & { readonly labelsNHW: Tensor } {
  const shape = [1, 1, pixels.length];
  const labelsNHW = tensorFrom(
    pixels.map(([label]) => label),
    { dtype: 'int64', shape },
  );
  const validNHW = labelsNHW.ne(255);
  const losses = tensorFrom(
    pixels.map(([, loss]) => loss),
    { dtype: 'float32', shape },
  );
  return {
    confidenceNHW: losses.mul(0),
    lossesNHW: losses.mul(validNHW),
    validNHW,
    labelsNHW,
    ...(progress !== undefined && { progress }),
  };
}

const weightsOf = (trim: Trim, batch: ReweighterInput) =>
  Array.from(trim.weigh(batch).toTypedArray(), Number);

/** Returns the places of the labeled pixels that have no weight. */
function leftOut(trim: Trim, batch: ReweighterInput): number[] {
  const valid = Array.from(batch.validNHW.toTypedArray(), Number);
  return weightsOf(trim, batch).flatMap((weight, place) => (valid[place] && weight === 0 ? [place] : []));
}

/** Ten pixels of each of two classes, those of the second with losses a hundred times as high, and two without a label. */
const twoClasses: [number, number][] = [
  ...Array.from({ length: 10 }, (_, place): [number, number] => [0, 0.01 * (place + 1)]),
  ...Array.from({ length: 10 }, (_, place): [number, number] => [1, place + 1]),
  [255, 50],
  [255, 0.001],
];

describe('the highest losses of each class', () => {
  test('are left out from the second step on, and the rest has equal weights', () => {
    using _inner = scope();
    const trim = new Trim({ classCount: 2, share: 0.2, start: 0 });
    expect(leftOut(trim, input(twoClasses))).toEqual([]);
    const weights = weightsOf(trim, input(twoClasses));
    const expected = twoClasses.map(([label], place) =>
      label === 255 || [8, 9, 18, 19].includes(place) ? 0 : 1 / 16,
    );
    expect(weights).toBeAllclose(expected, { absolute: 1e-6 });
    expect(trim.keptShare).toBeCloseTo(16 / 20, 6);
    trim.dispose();
  });

  test('equal those of a plain sort over many steps, in every class', () => {
    using _inner = scope();
    using generator = new Generator(4);
    const [classCount, pixels, share] = [3, 4000, 0.1];
    const trim = new Trim({ classCount, share, momentum: 0.9 });
    const draw = () => {
      const drawn = Array.from(rand([pixels], { dtype: 'float32', generator }).toTypedArray(), Number);
      const values = drawn.map((value, place): [number, number] => {
        const label = place % classCount;
        return [label, -Math.log(1 - value) * 10 ** label];
      });
      return input(values);
    };
    for (let step = 0; step < 30; step++) trim.weigh(draw());
    const batch = draw();
    const labels = Array.from(batch.labelsNHW.toTypedArray(), Number);
    const losses = Array.from(batch.lossesNHW.toTypedArray(), Number);
    const out = new Set(leftOut(trim, batch));
    for (let label = 0; label < classCount; label++) {
      const own = losses.filter((_, place) => labels[place] === label).sort((a, b) => a - b);
      const quantile = own[Math.floor((1 - share) * own.length)] as number;
      const least = Math.min(
        ...[...out].filter((place) => labels[place] === label).map((p) => losses[p] as number),
      );
      // The quantile of 13 000 pixels of the last steps against that of 1333 of this one.
      expect(least / quantile).toBeGreaterThan(0.95);
      expect(least / quantile).toBeLessThan(1.12);
    }
    expect(out.size / pixels).toBeGreaterThan(0.08);
    expect(out.size / pixels).toBeLessThan(0.11);
    trim.dispose();
  });

  test('are none before the start, and none while a class has too few pixels', () => {
    using _inner = scope();
    const trim = new Trim({ classCount: 2, share: 0.2, start: 0.3 });
    for (const progress of [0, 0.1, 0.29]) expect(leftOut(trim, input(twoClasses, progress))).toEqual([]);
    expect(trim.keptShare).toBeNull();
    expect(leftOut(trim, input(twoClasses, 0.3))).toEqual([]);
    expect(leftOut(trim, input(twoClasses, 0.31))).toEqual([8, 9, 18, 19]);
    trim.dispose();
    const few = new Trim({ classCount: 2, share: 0.2 });
    // Four pixels of a class: a fifth of them is less than one.
    const rare = [...twoClasses.slice(0, 10), ...twoClasses.slice(10, 14)];
    few.weigh(input(rare));
    expect(leftOut(few, input(rare))).toEqual([8, 9]);
    few.dispose();
  });

  test('are none where all losses of a class are alike', () => {
    using _inner = scope();
    const trim = new Trim({ classCount: 1, share: 0.5 });
    const alike = Array.from({ length: 12 }, (): [number, number] => [0, 0.7]);
    trim.weigh(input(alike));
    expect(leftOut(trim, input(alike))).toEqual([]);
    trim.dispose();
  });

  test('do not empty a batch: one of which nothing would be left is kept whole', () => {
    using _inner = scope();
    const trim = new Trim({ classCount: 2, share: 0.2 });
    trim.weigh(input(twoClasses));
    const weights = weightsOf(
      trim,
      input([
        [0, 5],
        [0, 6],
        [255, 1],
      ]),
    );
    expect(weights).toBeAllclose([0.5, 0.5, 0], { absolute: 1e-6 });
    trim.dispose();
  });

  test('of a step have the limits of the steps before, so that its parts have the same', () => {
    using _inner = scope();
    const [whole, parts] = [0, 1].map(() => new Trim({ classCount: 2, share: 0.2 })) as [Trim, Trim];
    for (const progress of [0.4, 0.5]) {
      const out = leftOut(whole, input(twoClasses, progress));
      const first = leftOut(parts, input(twoClasses.slice(0, 11), progress));
      const second = leftOut(parts, input(twoClasses.slice(11), progress)).map((place) => place + 11);
      expect([...first, ...second]).toEqual(out);
    }
    expect(parts.histogram).toBeAllclose(whole.histogram);
    expect(parts.keptShare).toBe(whole.keptShare);
    for (const trim of [whole, parts]) trim.dispose();
  });
});

describe('planted wrong labels', () => {
  /** 2000 pixels of two classes, of which 4 % have a wrong label and so a loss that is mostly higher. */
  function planted(generator: Generator) {
    const drawn = Array.from(rand([4000], { dtype: 'float32', generator }).toTypedArray(), Number);
    const wrong = (place: number) => place % 25 === 7;
    const pixels = Array.from({ length: 2000 }, (_, place): [number, number] => {
      const spread = -Math.log(1 - (drawn[place] as number));
      return [place % 2, wrong(place) ? 2 + spread : 0.4 * spread];
    });
    return { pixels, wrong };
  }

  test('are what trim leaves out: precision above 0.75 and recall above 0.8', () => {
    using _inner = scope();
    using generator = new Generator(11);
    const trim = new Trim({ classCount: 2, share: 0.04 });
    for (let step = 0; step < 10; step++) trim.weigh(input(planted(generator).pixels));
    const { pixels, wrong } = planted(generator);
    const out = leftOut(trim, input(pixels));
    const hits = out.filter(wrong).length;
    const all = pixels.filter((_, place) => wrong(place)).length;
    expect(all).toBe(80);
    expect(hits / out.length).toBeGreaterThan(0.75);
    expect(hits / all).toBeGreaterThan(0.8);
    trim.dispose();
  });
});

describe('the inner reweighter', () => {
  test('sees the pixels that are left as the only labeled ones', () => {
    using _inner = scope();
    using generator = new Generator(1);
    const arm = new Arm({ generator });
    const trim = new Trim({ classCount: 2, share: 0.2, reweighter: arm });
    trim.weigh(input(twoClasses));
    const batch = input(twoClasses);
    const kept = twoClasses.map(([label], place): [number, number] => [
      [8, 9, 18, 19].includes(place) ? 255 : label,
      1,
    ]);
    expect(trim.weigh(batch)).toBeAllclose(arm.weigh({ ...batch, validNHW: input(kept).validNHW }));
    trim.dispose();
  });

  test('passes through all that a run asks of it', () => {
    using _inner = scope();
    using generator = new Generator(1);
    const arm = new Trim({ classCount: 2, reweighter: new Arm({ generator, learningRateScale: 7 }) });
    expect(arm.isolatedStart).toBe(true);
    expect(arm.adversarialParameters()).toMatchObject({ learningRateScale: 7, maximize: true });
    expect(arm.curve([0])).toEqual(arm.reweighter?.curve([0]));
    expect(arm.surveyParts).toBeNull();
    expect([...arm.stateDict().keys()]).toEqual(
      expect.arrayContaining(['reweighter.conv1.weight', 'histogram', 'limits', 'counts']),
    );
    arm.eval();
    expect((arm.reweighter as Arm).training).toBe(false);
    const ohem = new Trim({ classCount: 2, reweighter: new Ohem({ minKept: 2 }) });
    expect(ohem.needs).toEqual(['labelsNHW', 'logitsNCHW']);
    expect(ohem.surveyParts).not.toBeNull();
    const meta = new Trim({ classCount: 2, reweighter: new MetaWeightNet({ generator }) });
    expect(meta.cleanData).not.toBeNull();
    const plain = new Trim({ classCount: 2 });
    expect([plain.isolatedStart, plain.cleanData, plain.curve([0]), plain.takeNotice()]).toEqual([
      false,
      null,
      null,
      null,
    ]);
    for (const trim of [arm, ohem, meta, plain]) trim.dispose();
  });

  test('learns by a gradient to which pixels that are left out add nothing', () => {
    using _inner = scope();
    using generator = new Generator(1);
    const arm = new Arm({ generator });
    const trim = new Trim({ classCount: 2, share: 0.2, reweighter: arm });
    for (let step = 0; step < 2; step++) trim.weigh(input(twoClasses));
    const gradientWith = (loss: number) => {
      const pixels = twoClasses.map(([label, value], place): [number, number] => [
        label,
        place === 19 ? loss : value,
      ]);
      const batch = input(pixels);
      const confidenceNHW = batch.lossesNHW.mul(0.1).clamp({ max: 0.9 });
      trim
        .eval()
        .weigh({ ...batch, confidenceNHW })
        .mul(batch.lossesNHW)
        .sum()
        .backward();
      return arm.parameters().map((parameter) => {
        const values = Array.from(parameter.grad?.toTypedArray() ?? [], Number);
        parameter.zeroGrad_();
        return values;
      });
    };
    const gradient = gradientWith(10);
    expect(gradient.flat().some((value) => Math.abs(value) > 1e-4)).toBe(true);
    expect(gradientWith(200)).toEqual(gradient);
    trim.dispose();
  });

  test.each(reweighters.kinds())('may be %s, also in parts that are surveyed', (kind) => {
    using _inner = scope();
    using generator = new Generator(1);
    const component = reweighters.get('trim');
    const options = component.options.parse({ share: 0.3, reweighter: { kind } });
    const trim = component.create(options, { classCount: 5, datasetLength: 3, generator });
    for (const seed of [2, 3, 4]) {
      const weights = trim.weigh(reweighterInput(undefined, { seed }));
      expect(weights.sum().item()).toBeCloseTo(1, 5);
    }
    const parts = [5, 6].map((seed) => reweighterInput(undefined, { seed }));
    const weigh = trim.surveyParts?.(parts.map((part) => () => part));
    if (weigh) {
      const sum = parts.reduce((total, part) => total + weigh(part).sum().item(), 0);
      expect(sum).toBeCloseTo(2, 5);
    }
    trim.dispose();
  });
});

test.each([
  [{ share: 1 }, /Trim: expected share in \[0, 1\), received 1/],
  [{ start: 2 }, /Trim: expected start in \[0, 1\], received 2/],
  [{ momentum: -0.5 }, /Trim: expected momentum in \[0, 1\), received -0.5/],
])('refuses %j', (options, message) => {
  expect(() => new Trim({ classCount: 2, ...options })).toThrow(message);
});

test('the component says where an option of the inner reweighter is wrong', () => {
  expect(() => reweighters.get('trim').options.parse({ reweighter: { kind: 'armm' } })).toThrow(
    /did you mean arm/,
  );
});
