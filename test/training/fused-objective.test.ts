/** Checks that a step with the fused pixel loss equals one with the plain loss, for networks of any resolution. */
import { crossEntropy, focal, gce, kl, type PixelLoss, smoothedCrossEntropy } from 'coarsely/losses';
import { Conv2d, Module, resizeBilinear } from 'coarsely/nn';
import { Sgd } from 'coarsely/optim';
import {
  Arm,
  type Confidence,
  entropy,
  Ohem,
  type Reweighter,
  standardDeviation,
  variance,
} from 'coarsely/reweighting';
import { Generator, type Kernels, randn, scope, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { type Phase, type TrainableModel, type TrainableOutput, trainStep } from 'coarsely/training';
import { expect, test } from 'vitest';

const [count, classCount, height, width] = [2, 5, 17, 23];

/** Logits at the images' size. */
class Full extends Module implements TrainableModel {
  readonly main: Conv2d;
  readonly side: Conv2d;
  readonly scale: Conv2d;

  constructor(generator: Generator) {
    super();
    this.main = new Conv2d(3, classCount, { kernelSize: 3, stride: 4, padding: 1, generator });
    this.side = new Conv2d(3, classCount, { kernelSize: 3, stride: 8, padding: 1, generator });
    this.scale = new Conv2d(3, 1, { kernelSize: 3, stride: 4, padding: 1, generator });
  }

  forward(imagesNCHW: Tensor): TrainableOutput {
    const resized = (layer: Conv2d) => resizeBilinear(layer.forward(imagesNCHW), [height, width]);
    return {
      logitsNCHW: resized(this.main),
      auxiliaryLogitsNCHW: resized(this.side),
      extraHeads: { logScale: resized(this.scale) },
    };
  }
}

/** The same network, which also hands out what its heads predict. */
class Small extends Full {
  forwardLogits(imagesNCHW: Tensor): TrainableOutput {
    return {
      logitsNCHW: this.main.forward(imagesNCHW),
      auxiliaryLogitsNCHW: this.side.forward(imagesNCHW),
      extraHeads: { logScale: this.scale.forward(imagesNCHW) },
    };
  }
}

interface Setting {
  readonly name: string;
  readonly loss?: PixelLoss;
  readonly confidence?: Confidence;
  readonly reweigh?: (generator: Generator) => Reweighter;
  readonly phase?: Phase;
}

const arm = (generator: Generator) => new Arm({ generator });

const settings: readonly Setting[] = [
  { name: 'plain mean' },
  { name: 'ARM', reweigh: arm },
  { name: 'ARM that only watches', reweigh: arm, phase: 'isolated' },
  { name: 'gce, entropy', loss: gce(), confidence: entropy, reweigh: arm },
  { name: 'focal', loss: focal(), reweigh: arm },
  { name: 'smoothed labels', loss: smoothedCrossEntropy({ labelSmoothing: 0.1 }), reweigh: arm },
  { name: 'a loss without a fused form', loss: kl, reweigh: arm },
  { name: 'a confidence without one', confidence: standardDeviation, reweigh: arm },
  { name: 'weights that look at logits', reweigh: () => new Ohem({ minKept: 10 }) },
];

/** Losses of three steps, and the parameters after them. */
function train(Model: typeof Full, setting: Setting, kernels: Kernels): number[] {
  const { loss = crossEntropy, confidence = variance, reweigh, phase = 'joint' } = setting;
  using generator = new Generator(5);
  const model = tidy(() => new Model(generator));
  const reweighter = reweigh ? tidy(() => reweigh(generator)) : null;
  const adversary = reweighter?.adversarialParameters();
  const optimizer = new Sgd([{ parameters: model.parameters() }, ...(adversary ? [adversary] : [])], {
    learningRate: 0.1,
  });
  using _steps = scope();
  const labels = Array.from({ length: count * height * width }, (_, index) =>
    index % 4 === 0 ? 255 : (index * 31) % classCount,
  );
  const batch = {
    imagesNCHW: randn([count, 3, height, width], { dtype: 'float32', generator }),
    labelsNHW: tensorFrom(labels, { dtype: 'int64', shape: [count, height, width] }),
  };
  const components = {
    model,
    optimizer,
    pixelLoss: loss,
    confidence,
    reweighter,
    reduction: 'valid',
  } as const;
  const values = Array.from({ length: 3 }, () => {
    const losses = trainStep({ ...components, auxiliaryWeight: 0.4 }, batch, {
      phase,
      precision: 'float32',
      kernels,
    });
    return Object.values(losses).map((value: Tensor | null) => value?.item() ?? 0);
  });
  const parameters = [...model.parameters(), ...(reweighter?.parameters() ?? [])].flatMap((parameter) =>
    Array.from(parameter.toTypedArray(), Number),
  );
  for (const part of [optimizer, model, reweighter]) part?.dispose();
  return [...values.flat(), ...parameters];
}

test.each(settings)('$name', (setting) => {
  const expected = train(Full, setting, 'stock');
  for (const found of [
    train(Full, setting, 'fused'),
    train(Small, setting, 'fused'),
    train(Small, setting, 'stock'),
  ]) {
    expect(found).toBeAllclose(expected, { absolute: 2e-5 });
  }
});
