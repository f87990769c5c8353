/** Compares ResNeSt, DeepLabv3+ and OCR with PyTorch, by checkpoints with mmsegmentation's names. */
import { createSegmentor, OcrHead, ResNeSt, Segmentor } from 'coarsely/models';
import { Generator, noGrad, setThreads, type Tensor, tidy, zeros } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { createPublishedSegmentor } from '#models/pretrained/published-segmentor.js';
import { images, values } from './deterministic-values.js';
import { expectClose } from './expect-close.js';
import { checkpointOf, golden, type NamedShape } from './published-names.js';

setThreads(1);

function tensors(shapes: readonly NamedShape[]): Map<string, Tensor> {
  return new Map(
    shapes.map(([name, shape]) => [
      name,
      name.endsWith('num_batches_tracked') ? zeros(shape, { dtype: 'int64' }) : values(name, shape),
    ]),
  );
}

function count(parameters: readonly { readonly numel: number }[]): number {
  return parameters.reduce((sum, { numel }) => sum + numel, 0);
}

describe('whole checkpoints of ResNet-50', () => {
  test.each([
    {
      head: 'deeplabv3plus',
      options: { channels: 512, lowLevelChannels: 48 },
      auxiliary: { channels: 256 },
      key: 'deeplabv3plus on resnet50, 19 classes, output stride 8',
    },
    {
      head: 'ocr',
      options: { channels: 512, keyChannels: 256, regionChannels: 256 },
      auxiliary: null,
      key: 'ocr on resnet50, 19 classes, output stride 8',
    },
  ] as const)('$head predicts what PyTorch predicts', ({ head, options, auxiliary, key }) => {
    tidy(() =>
      noGrad(() => {
        const state = tensors(checkpointOf('resnet50_v1c', `${head}, 19 classes`));
        const { segmentor, section, classCount, classes } = createPublishedSegmentor(
          { tensors: state },
          { path: 'r50.pth' },
        );
        expect(classCount).toBe(19);
        expect(classes).toBeNull();
        expect(section).toEqual({
          backbone: { kind: 'resnet50', outputStride: 8 },
          head: { kind: head, ...options },
          auxiliary,
        });
        expectClose(segmentor.eval().forward(images([2, 3, 64, 96])).logitsNCHW, golden[key]);
        segmentor.dispose();
      }),
    );
  });
});

describe('ResNeSt', () => {
  test.each([8, 16] as const)('features at output stride %i', (outputStride) => {
    using generator = new Generator(1);
    const backbone = new ResNeSt(50, { outputStride, generator }).eval();
    tidy(() =>
      noGrad(() => {
        for (const [name, tensor] of backbone.stateDict()) {
          tensor.copy_(values(backbone.publishedName(name)[0] as string, tensor.shape));
        }
        const features = backbone.forward(images([2, 3, 64, 96]));
        for (const [stage, expected] of golden[
          `resnest50 features, output stride ${outputStride}`
        ].entries()) {
          expectClose(features[stage] as Tensor, expected);
        }
      }),
    );
    backbone.dispose();
  });
});

describe('OCR on ResNeSt-50, in training', () => {
  const expected = golden['ocr on resnest50, 5 classes, output stride 16'];

  test.each(['contiguous', 'channels-last'] as const)(
    'logits, objective and gradients, %s',
    (memoryFormat) => {
      using generator = new Generator(1);
      const backbone = new ResNeSt(50, { outputStride: 16, generator });
      const head = new OcrHead({ backbone, classCount: 5, dropout: 0, regionDropout: 0, generator });
      const segmentor = new Segmentor({ backbone, head });
      const own = new Map<string, string>();
      tidy(() =>
        noGrad(() => {
          for (const [name, tensor] of segmentor.stateDict()) {
            const published = name.startsWith('backbone.')
              ? `backbone.${backbone.publishedName(name.slice('backbone.'.length))[0]}`
              : `decode_head.${head.publishedName(name.slice('head.'.length))}`;
            own.set(published, name);
            tensor.copy_(values(published, tensor.shape));
          }
        }),
      );
      segmentor.to({ memoryFormat });
      tidy(() => {
        const { logitsNCHW, auxiliaryLogitsNCHW } = segmentor.forward(
          images([4, 3, 64, 64]).contiguous({ memoryFormat }),
        );
        if (auxiliaryLogitsNCHW === null) throw new Error('expected auxiliary logits in training');
        // The means of four images are normalized over each other in every block, which amplifies rounding: PyTorch's
        // float32 differs from its float64 by 0.03%, and in channels-last by 0.09%.
        expectClose(logitsNCHW, expected.logits, 2e-3);
        expectClose(auxiliaryLogitsNCHW, expected.auxiliary, 2e-3);
        const objective = logitsNCHW.square().mean().add(auxiliaryLogitsNCHW.square().mean().mul(0.4));
        expect(Math.abs(objective.item() / expected.objective - 1)).toBeLessThan(1e-3);
        objective.backward();
        const parameters = segmentor.namedParameters();
        // Rounding flips single ReLUs: PyTorch 1.13 and 2.13 differ by 0.3% between each other.
        for (const [name, gradient] of Object.entries(expected.gradients)) {
          expectClose(parameters.get(own.get(name) as string)?.grad as Tensor, gradient, 0.03);
        }
      });
      segmentor.dispose();
    },
  );
});

describe('sizes', () => {
  // ResNeSt's published ImageNet networks have 27 483 240 and 48 275 016, with a classifier of 2 049 000.
  test.each([
    ['resnest50', 25_434_240],
    ['resnest101', 46_226_016],
  ] as const)('%s has %i parameters', (kind, expected) => {
    using generator = new Generator(1);
    const { backbone, head, auxiliary, ...rest } = segmentorOf(kind, 'deeplabv3plus', generator);
    expect(count(backbone.parameters())).toBe(expected);
    expect(expected).toBe(golden.parameters[kind]);
    expect(count(head.parameters())).toBe(golden.parameters['deeplabv3plus head, 19 classes']);
    rest.dispose();
  });

  test.each([
    ['resnet18', 3_554_323],
    ['resnet50', 10_632_211],
  ] as const)('OCR on %s has %i parameters after the first classifier', (kind, expected) => {
    using generator = new Generator(1);
    const { head, auxiliary, dispose } = segmentorOf(kind, 'ocr', generator);
    if (!(head instanceof OcrHead)) throw new Error('expected an OCR head');
    expect(count(head.parameters()) - count(head.regions.parameters())).toBe(expected);
    expect(auxiliary).toBeNull();
    dispose();
  });

  test("with the last stage of ResNet-50, PyTorch's OCR head is as large", () => {
    expect(golden.parameters['ocr head, 19 classes']).toBe(10_632_211);
  });

  function segmentorOf(backbone: string, head: string, generator: Generator) {
    const segmentor = createSegmentor(
      { backbone: { kind: backbone }, head: { kind: head }, auxiliary: { channels: 256 } },
      { classCount: 19, generator },
    );
    return {
      backbone: segmentor.backbone,
      head: segmentor.head,
      auxiliary: segmentor.auxiliary,
      dispose: () => segmentor.dispose(),
    };
  }
});
