/**
 * ARM in a loop of one's own: your model, your loss, your data, and a few lines. Here the model is a small convolutional
 * network and the data are generated street scenes with coarse labels; both stand for yours.
 *
 *     node node_modules/coarsely/dist/examples/own-loop.js [steps]
 */
import {
  Arm,
  BatchNorm2d,
  Conv2d,
  coarsenLabels,
  crossEntropy,
  Generator,
  generateScene,
  Module,
  noGrad,
  normalizeImage,
  Sgd,
  sceneClasses,
  scope,
  type Tensor,
  tensorFrom,
  tidy,
  variance,
} from 'coarsely';

const [width, height, batchSize] = [96, 64, 4];
const steps = Number(process.argv[2] ?? 150);

class SmallNetwork extends Module {
  readonly layers: Conv2d[];
  readonly norms: BatchNorm2d[];
  readonly classifier: Conv2d;

  constructor(classCount: number, generator: Generator) {
    super();
    const dilations = [1, 2, 4, 8];
    this.layers = dilations.map(
      (dilation, index) =>
        new Conv2d(index === 0 ? 3 : 24, 24, {
          kernelSize: 3,
          padding: dilation,
          dilation,
          bias: false,
          generator,
        }),
    );
    this.norms = dilations.map(() => new BatchNorm2d(24));
    this.classifier = new Conv2d(24, classCount, { kernelSize: 1, generator });
  }

  forward(imagesNCHW: Tensor): Tensor {
    let features = imagesNCHW;
    for (const [index, layer] of this.layers.entries()) {
      features = layer.forward(features);
      features = this.norms[index]?.forward(features).relu() ?? features;
    }
    return this.classifier.forward(features);
  }
}

/** Scenes from `first` on, with coarse labels to train on and the exact ones to score against. */
function batch(first: number) {
  const scenes = Array.from({ length: batchSize }, (_, i) =>
    generateScene({ seed: 0, index: first + i, width, height }),
  );
  const coarse = scenes.map(({ labels }, i) =>
    coarsenLabels(labels, { width, height, classCount: sceneClasses.length, seed: first + i }),
  );
  const images = scenes.map(({ image }) => normalizeImage(image, { width, height }));
  const labels = (maps: readonly Uint8Array[]) =>
    tensorFrom(Uint8Array.from(maps.flatMap((map) => [...map])), {
      dtype: 'uint8',
      shape: [batchSize, height, width],
    }).to({
      dtype: 'int64',
    });
  return {
    imagesNCHW: tensorFrom(Float32Array.from(images.flatMap((image) => [...image])), {
      dtype: 'float32',
      shape: [batchSize, 3, height, width],
    }),
    coarseNHW: labels(coarse),
    fineNHW: labels(scenes.map((scene) => scene.labels)),
  };
}

using generator = new Generator(0);
const model = tidy(() => new SmallNetwork(sceneClasses.length, generator));
const arm = tidy(() => new Arm({ generator, learningRateScale: 50 })); // ARM, line 1
const optimizer = new Sgd([{ parameters: model.parameters() }, arm.adversarialParameters()], {
  learningRate: 0.05,
}); // line 2

for (let step = 0; step < steps; step++) {
  using _step = scope();
  const { imagesNCHW, coarseNHW } = batch(step * batchSize);
  const logitsNCHW = model.forward(imagesNCHW);
  const lossesNHW = crossEntropy(logitsNCHW, coarseNHW);
  const weightsNHW = arm.weigh({
    confidenceNHW: variance(logitsNCHW),
    lossesNHW: lossesNHW.detach(),
    validNHW: coarseNHW.ne(255),
  }); // line 3
  const loss = lossesNHW.mul(weightsNHW).sum();
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  if (step % 25 === 0 || step === steps - 1)
    console.log(`step ${step}  weighted loss ${loss.item().toFixed(3)}`);
}

{
  using _evaluation = scope();
  const { imagesNCHW, fineNHW } = batch(1_000_000);
  const prediction = noGrad(() => model.eval().forward(imagesNCHW)).argmax(1);
  const right = prediction.eq(fineNHW).to({ dtype: 'float32' }).mean().item();
  console.log(`pixels right on scenes never seen, exact labels: ${(100 * right).toFixed(1)} %`);
}
const [unsure = 0, sure = 0] = arm.curve([-1, 1]);
console.log(`ARM weighs an unsure pixel ${(unsure / sure).toFixed(2)} times a sure one`);
model.dispose();
arm.dispose();
optimizer.dispose();
