/** OCR's first classifier keeps the running statistics of mmsegmentation, which runs it twice a step. */
import { OcrHead } from 'coarsely/models';
import { Generator, randn, type Tensor, tidy } from 'coarsely/torch';
import { expect, test } from 'vitest';

const channels = [8, 8, 8, 8] as const;

test('two updates by the same batch, where other normalizations take one', () => {
  using generator = new Generator(5);
  const head = new OcrHead({
    backbone: { channels, outputStride: 8 },
    classCount: 3,
    channels: 8,
    keyChannels: 8,
    regionChannels: 8,
    generator,
  });
  tidy(() => {
    const map = () => randn([2, 8, 5, 7], { dtype: 'float32', generator });
    const features = [map(), map(), map(), map()] as const;
    const twice = expectedStatistics(head.regions.conv.conv.forward(features[2]), 2);
    const once = expectedStatistics(head.bottleneck.conv.forward(features[3]), 1);
    head.forward(features);
    expect(head.regions.conv.bn.running_mean).toBeAllclose(twice.mean, { absolute: 1e-6 });
    expect(head.regions.conv.bn.running_var).toBeAllclose(twice.variance, { relative: 1e-5 });
    expect(head.bottleneck.bn.running_mean).toBeAllclose(once.mean, { absolute: 1e-6 });
  });
  head.dispose();
});

/** Updates a mean of 0 and a variance of 1 with the batch as PyTorch does, `times` times. */
function expectedStatistics(mapNCHW: Tensor, times: number): { mean: Tensor; variance: Tensor } {
  const count = mapNCHW.numel / (mapNCHW.shape[1] ?? 1);
  const batchMean = mapNCHW.mean([0, 2, 3]);
  const centered = mapNCHW.sub(batchMean.reshape([1, -1, 1, 1]));
  const batchVariance = centered
    .square()
    .sum([0, 2, 3])
    .div(count - 1);
  let mean = batchMean.mul(0);
  let variance = batchMean.mul(0).add(1);
  for (let time = 0; time < times; time += 1) {
    mean = mean.mul(0.9).add(batchMean.mul(0.1));
    variance = variance.mul(0.9).add(batchVariance.mul(0.1));
  }
  return { mean, variance };
}
