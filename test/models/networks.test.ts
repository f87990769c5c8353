/** Compares networks with PyTorch (networks-golden.py): torchvision's ResNets, and a segmentor after mmsegmentation. */
import { readFileSync } from 'node:fs';
import { DeepLabV3Plus, FcnHead, ResNet, Segmentor } from 'coarsely/models';
import { Generator, noGrad, setThreads, type Tensor, tidy } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { fill, images, type Summary, values } from './deterministic-values.js';
import { expectClose } from './expect-close.js';

interface Golden {
  readonly segmentor: {
    readonly logits: Summary;
    readonly auxiliary: Summary;
    readonly objective: number;
    readonly gradients: Record<string, Summary>;
    readonly runningVariance: Summary;
  };
  readonly 'resnet18, output stride 32': GoldenResNet;
  readonly 'resnet50, output stride 8': GoldenResNet;
}

interface GoldenResNet {
  readonly features: Summary[];
}

const golden = JSON.parse(readFileSync(new URL('./networks-golden.json', import.meta.url), 'utf8')) as Golden;

setThreads(1);

describe("torchvision's ResNets", () => {
  test.each([
    { depth: 18, outputStride: 32, key: 'resnet18, output stride 32' },
    { depth: 50, outputStride: 8, key: 'resnet50, output stride 8' },
  ] as const)('ResNet-$depth at output stride $outputStride', ({ depth, outputStride, key }) => {
    using generator = new Generator(1);
    const backbone = new ResNet(depth, { stem: 'torchvision', outputStride, generator }).eval();
    tidy(() =>
      noGrad(() => {
        for (const [name, tensor] of backbone.stateDict()) {
          tensor.copy_(values(backbone.publishedName(name), tensor.shape));
        }
        const features = backbone.forward(images([2, 3, 64, 96]));
        for (const [index, feature] of features.entries()) {
          expectClose(feature, golden[key].features[index] as Summary);
        }
      }),
    );
    backbone.dispose();
  });
});

describe('a segmentor as mmsegmentation builds it', () => {
  test.each(['contiguous', 'channels-last'] as const)(
    'logits, objective, gradients and running statistics, %s',
    (memoryFormat) => {
      using generator = new Generator(1);
      const backbone = new ResNet(18, { outputStride: 16, generator });
      const context = { backbone, classCount: 5, generator, dropout: 0 };
      const segmentor = fill(
        new Segmentor({
          backbone,
          head: new DeepLabV3Plus({ ...context, channels: 256 }),
          auxiliary: new FcnHead(context),
        }),
      ).to({ memoryFormat });
      tidy(() => {
        const { logitsNCHW, auxiliaryLogitsNCHW } = segmentor.forward(
          images([4, 3, 64, 64]).contiguous({ memoryFormat }),
        );
        if (auxiliaryLogitsNCHW === null) throw new Error('expected auxiliary logits in training');
        expectClose(logitsNCHW, golden.segmentor.logits);
        expectClose(auxiliaryLogitsNCHW, golden.segmentor.auxiliary);
        const objective = logitsNCHW.square().mean().add(auxiliaryLogitsNCHW.square().mean().mul(0.4));
        expect(Math.abs(objective.item() / golden.segmentor.objective - 1)).toBeLessThan(1e-4);
        objective.backward();
        const parameters = segmentor.namedParameters();
        // Rounding flips single ReLUs, each worth 0.2% of a gradient: PyTorch differs by 2% between its own two layouts.
        for (const [name, expected] of Object.entries(golden.segmentor.gradients)) {
          expectClose(parameters.get(name)?.grad as Tensor, expected, 0.03);
        }
        expectClose(
          segmentor.namedBuffers().get('backbone.stage2.1.bn2.running_var') as Tensor,
          golden.segmentor.runningVariance,
        );
      });
      segmentor.dispose();
    },
  );
});
