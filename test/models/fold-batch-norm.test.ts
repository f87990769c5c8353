/** Compares folded networks with the networks they are made from, which have to stay unchanged. */
import { createSegmentor, foldBatchNorm, heads } from 'coarsely/models';
import { BatchNorm2d } from 'coarsely/nn';
import { Generator, noGrad, rand, randn, setThreads, tidy } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { narrowHead } from './narrow-heads.js';
import { withoutZeroInit } from './without-zero-init.js';

setThreads(1);

function createModel(backbone: string, head: string) {
  using generator = new Generator(5);
  const section = {
    backbone: { kind: backbone, ...withoutZeroInit(backbone) },
    head: { kind: head, ...narrowHead(head, 32) },
    auxiliary: null,
  };
  const model = createSegmentor(section, { classCount: 4, generator, extraHeads: { scale: 1 } });
  noGrad(() =>
    tidy(() => {
      for (const module of model.namedModules().values()) {
        if (!(module instanceof BatchNorm2d)) continue;
        const draw = () => rand(module.bias.shape, { dtype: 'float32', generator });
        module.running_mean.copy_(draw().sub(0.5).mul(0.1));
        module.running_var.copy_(draw().add(0.5));
      }
    }),
  );
  return model.to({ memoryFormat: 'channels-last' }).eval();
}

/** Returns one number for each tensor, which changes with any of its elements. */
function fingerprint(model: ReturnType<typeof createModel>): number[] {
  return tidy(() =>
    noGrad(() => [...model.stateDict().values()].map((tensor) => tensor.mul(tensor.sub(0.3)).sum().item())),
  );
}

const networks = ['resnet18', 'resnet50', 'resnest50', 'mobilenet_v2', 'mobilenet_v3_large'].flatMap(
  (backbone) =>
    heads
      .kinds()
      .filter((head) => backbone === 'resnet18' || head === 'deeplabv3plus')
      .map((head) => [backbone, head] as const),
);

describe.each(networks)('%s with %s', (backbone, head) => {
  test('the same logits to rounding, and a model that is not changed', () => {
    const model = createModel(backbone, head);
    const before = fingerprint(model);
    tidy(() =>
      noGrad(() => {
        using generator = new Generator(9);
        const images = randn([1, 3, 32, 64], { dtype: 'float32', generator }).to({
          memoryFormat: 'channels-last',
        });
        const expected = model.forward(images);
        for (const [dtype, tolerance] of [
          ['float32', 2e-5],
          ['bfloat16', 0.1],
        ] as const) {
          using folded = foldBatchNorm(model, { dtype });
          const { logitsNCHW, extraHeads } = folded.forward(images);
          expect(logitsNCHW).toBeAllclose(expected.logitsNCHW, { relativeToLargest: tolerance });
          expect(Object.keys(extraHeads ?? {})).toEqual(['scale']);
          const own = folded.forwardLogits(images).logitsNCHW.shape;
          expect(own).toEqual(model.forwardLogits(images).logitsNCHW.shape);
        }
      }),
    );
    expect(fingerprint(model)).toEqual(before);
    model.dispose();
  });
});

test('what cannot be folded says so', () => {
  const model = createModel('resnet18', 'fcn');
  expect(() => foldBatchNorm(model.train())).toThrow('model.eval()');
  using folded = foldBatchNorm(model.eval());
  expect(() => folded.train()).toThrow('cannot train');
  expect(folded.train(false)).toBe(folded);
  model.dispose();
});
