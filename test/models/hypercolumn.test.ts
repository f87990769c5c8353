/** Compares the hypercolumn head with a slow reference that stacks all features at stride 4 first. */
import { ConfigError, OperationError } from 'coarsely/errors';
import { createSegmentor, type Features, Hypercolumn } from 'coarsely/models';
import { resizeBilinear } from 'coarsely/nn';
import { cat, Generator, noGrad, randn, type Tensor, tidy } from 'coarsely/torch';
import { afterAll, expect, test } from 'vitest';
import { FoldedConvolutions } from '#nn/internal.js';

const generator = new Generator(3);
afterAll(() => generator.dispose());

const backbone = { channels: [5, 6, 7, 8], stemChannels: 4, outputStride: 16 } as const;

/** Features of two images of 40×56 pixels, the stem last; one side is odd at every stride below 8. */
function features(): Features {
  const map = (channels: number, height: number, width: number) =>
    randn([2, channels, height, width], { dtype: 'float32', generator });
  return [map(5, 10, 14), map(6, 5, 7), map(7, 3, 4), map(8, 3, 4), map(4, 20, 28)];
}

/** The features of all taps at the size of the first stage, stem first. */
function stacked([stage1, stage2, stage3, stage4, stem]: Features): Tensor {
  const maps = [stem as Tensor, stage1, stage2, stage3, stage4];
  return cat(
    maps.map((map) => resizeBilinear(map, [10, 14])),
    1,
  );
}

function createHead(options: { hidden?: number[]; refinement?: number[] } = {}): Hypercolumn {
  const head = new Hypercolumn({ backbone, classCount: 3, generator, ...options });
  tidy(() => {
    const mean = randn([30], { dtype: 'float32', generator });
    const deviation = randn([30], { dtype: 'float32', generator }).abs().add(0.1);
    head.standardize({ mean, deviation });
    noGrad(() => head.classifier.bias.add_(0.5));
  });
  return head;
}

/** Standardizes stacked features and multiplies matrices, one layer after the other. */
function reference(head: Hypercolumn, stackedNCHW: Tensor): Tensor {
  const wide = (values: Tensor) => values.reshape([1, -1, 1, 1]);
  const pixels = stackedNCHW.sub(wide(head.mean)).mul(wide(head.scale)).permute([0, 2, 3, 1]);
  const layers = [...head.hidden, head.classifier];
  return layers
    .reduce((values, { weight, bias }, index) => {
      const sums = values.matmul(weight.transpose(0, 1)).add(bias);
      return index === layers.length - 1 ? sums : sums.relu();
    }, pixels)
    .permute([0, 3, 1, 2]);
}

test.each([[[9]], [[9, 6]], [[]]])('hidden layers %j compute what the reference does', (hidden) => {
  const head = createHead({ hidden });
  tidy(() => {
    const given = features();
    const expected = reference(head, stacked(given));
    expect(head.forward(given).logitsNCHW).toBeAllclose(expected, { relative: 1e-4, absolute: 1e-5 });
    expect(head.forwardStacked(stacked(given)).logitsNCHW).toBeAllclose(expected, {
      relative: 1e-4,
      absolute: 1e-5,
    });
    head.eval();
    using folded = new FoldedConvolutions();
    const inference = folded.run(() => noGrad(() => head.forward(given).logitsNCHW));
    expect(inference).toBeAllclose(expected, { relative: 1e-3, absolute: 1e-4 });
  });
  head.dispose();
});

test('the features of a linear head are the standardized ones, for the heads of a loss', () => {
  const head = createHead({ hidden: [] });
  tidy(() => {
    const given = features();
    const { featuresNCHW } = head.forward(given);
    expect(featuresNCHW.shape).toEqual([2, head.channels, 10, 14]);
    expect(featuresNCHW).toBeAllclose(head.forwardStacked(stacked(given)).featuresNCHW, {
      relative: 1e-4,
      absolute: 1e-5,
    });
  });
  head.dispose();
});

test('a refinement sees the cells of a patch and no others', () => {
  const head = createHead({ hidden: [6], refinement: [5, 4] });
  expect(head.patchSize).toBe(5);
  tidy(() => {
    const whole = stacked(features());
    const logits = head.forwardStacked(whole).logitsNCHW;
    // The patch around row 4, column 6 of the first image.
    const patch = whole.narrow(0, 0, 1).narrow(2, 2, 5).narrow(3, 4, 5);
    const center = head.forwardStacked(patch).logitsNCHW.narrow(2, 2, 1).narrow(3, 2, 1);
    expect(center).toBeAllclose(logits.narrow(0, 0, 1).narrow(2, 4, 1).narrow(3, 6, 1), {
      relative: 1e-4,
      absolute: 1e-5,
    });
  });
  head.dispose();
});

test('a feature without variation is only shifted', () => {
  const head = new Hypercolumn({ backbone, classCount: 3, generator });
  tidy(() => {
    const mean = randn([30], { dtype: 'float32', generator });
    head.standardize({ mean, deviation: mean.mul(0) });
    expect(head.scale.toTypedArray()).toEqual(new Float32Array(30).fill(1));
  });
  head.dispose();
});

test('taps that a backbone does not give, or that come twice, are refused', () => {
  const context = { backbone: { channels: backbone.channels, outputStride: 16 }, classCount: 3, generator };
  expect(() => new Hypercolumn({ ...context, taps: ['stem'] })).toThrow(ConfigError);
  expect(() => new Hypercolumn({ ...context, taps: ['stage1', 'stage1'] })).toThrow(
    'each feature at most once',
  );
  expect(() => new Hypercolumn({ ...context, hidden: [], refinement: [4] })).toThrow(OperationError);
  const head = new Hypercolumn(context);
  expect(head.taps).toEqual(['stage1', 'stage2', 'stage3', 'stage4']);
  expect(head.needsStem).toBe(false);
  head.dispose();
});

test('a segmentor of MobileNetV2 reads 488 features at a quarter of the image', () => {
  const segmentor = createSegmentor(
    { backbone: { kind: 'mobilenet_v2' }, head: { kind: 'hypercolumn' }, auxiliary: null },
    { classCount: 3, generator },
  );
  expect((segmentor.head as Hypercolumn).tapChannels).toEqual([16, 24, 32, 96, 320]);
  tidy(() => {
    const images = randn([1, 3, 64, 96], { dtype: 'float32', generator });
    segmentor.eval();
    expect(segmentor.forwardLogits(images).logitsNCHW.shape).toEqual([1, 3, 16, 24]);
    expect(segmentor.forward(images).logitsNCHW.shape).toEqual([1, 3, 64, 96]);
  });
  segmentor.dispose();
});
