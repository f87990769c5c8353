/** Runs every registered head on every registered backbone, as a config names them. */
import { backbones, createSegmentor, heads } from 'coarsely/models';
import { Generator, randn, setThreads, tidy } from 'coarsely/torch';
import { expect, test } from 'vitest';
import { withoutZeroInit } from './without-zero-init.js';

setThreads(1);

const pairs = backbones.kinds().flatMap((backbone) => heads.kinds().map((head) => ({ backbone, head })));

test.each(pairs)(
  '$head on $backbone trains with one auxiliary classifier, and predicts',
  ({ backbone, head }) => {
    using generator = new Generator(1);
    const segmentor = createSegmentor(
      {
        backbone: { kind: backbone, outputStride: 32, ...withoutZeroInit(backbone) },
        head: { kind: head },
        auxiliary: { channels: 16 },
      },
      { classCount: 3, generator },
    );
    tidy(() => {
      const images = randn([2, 3, 64, 64], { dtype: 'float32', generator });
      const { logitsNCHW, auxiliaryLogitsNCHW } = segmentor.forward(images);
      expect(logitsNCHW.shape).toEqual([2, 3, 64, 64]);
      expect(auxiliaryLogitsNCHW?.shape).toEqual([2, 3, 64, 64]);
      expect(segmentor.auxiliary === null).toBe(segmentor.head.hasAuxiliary ?? false);
      auxiliaryLogitsNCHW?.square().mean().backward();
      const classifiers = [...segmentor.namedParameters()].filter(
        ([name, parameter]) => /classifier\.bias$/.test(name) && parameter.grad !== null,
      );
      expect(classifiers.map(([name]) => name)).toEqual([
        segmentor.auxiliary === null ? 'head.regions.classifier.bias' : 'auxiliary.classifier.bias',
      ]);
      for (const parameter of segmentor.parameters()) parameter.zeroGrad_();
      expect(segmentor.eval().forward(images).auxiliaryLogitsNCHW).toBeNull();
    });
    segmentor.dispose();
  },
);

test('a head with its own auxiliary classifier keeps it where a config asks for none', () => {
  using generator = new Generator(1);
  const segmentor = createSegmentor(
    { backbone: { kind: 'resnet18' }, head: { kind: 'ocr' }, auxiliary: null },
    { classCount: 3, generator },
  );
  expect(segmentor.auxiliary).toBeNull();
  tidy(() => {
    const images = randn([2, 3, 32, 32], { dtype: 'float32', generator });
    expect(segmentor.forward(images).auxiliaryLogitsNCHW?.shape).toEqual([2, 3, 32, 32]);
  });
  segmentor.dispose();
});
