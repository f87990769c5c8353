/**
 * Adds ARM to a training loop of your own in three lines. A small convolutional network stands for your model, and
 * generated street scenes with coarse labels stand for your data.
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
  ignoreIndex,
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

const steps = Number(process.argv[2] ?? 150);
const [batchSize, height, width] = [4, 64, 96];
const classCount = sceneClasses.length;

/** Four dilated convolutions with 24 channels, and a classifier for every pixel. */
class SmallNetwork extends Module {
  readonly layers: Conv2d[];
  readonly norms = [1, 2, 4, 8].map(() => new BatchNorm2d(24));
  readonly classifier: Conv2d;

  constructor(generator: Generator) {
    super();
    const options = { kernelSize: 3, bias: false, generator };
    this.layers = [1, 2, 4, 8].map(
      (dilation, index) => new Conv2d(index === 0 ? 3 : 24, 24, { ...options, padding: dilation, dilation }),
    );
    this.classifier = new Conv2d(24, classCount, { kernelSize: 1, generator });
  }

  forward(imagesNCHW: Tensor): Tensor {
    const featuresNCHW = this.layers.reduce(
      (features, layer, index) => (this.norms[index] as BatchNorm2d).forward(layer.forward(features)).relu(),
      imagesNCHW,
    );
    return this.classifier.forward(featuresNCHW);
  }
}

/** Draws the scenes from `first` on, with coarse labels to train on and exact ones to score with. */
function drawBatch(first: number) {
  const indices = Array.from({ length: batchSize }, (_, place) => first + place);
  const scenes = indices.map((index) => generateScene({ seed: 0, index, width, height }));
  const images = scenes.flatMap(({ image }) => [...normalizeImage(image, { width, height })]);
  const coarse = scenes.map(({ labels }, place) =>
    coarsenLabels(labels, { width, height, classCount, seed: first + place }),
  );
  const labelsNHW = (maps: readonly Uint8Array[]) =>
    tensorFrom(Buffer.concat(maps), { dtype: 'uint8', shape: [batchSize, height, width] }).to({
      dtype: 'int64',
    });
  return {
    imagesNCHW: tensorFrom(images, { dtype: 'float32', shape: [batchSize, 3, height, width] }),
    coarseNHW: labelsNHW(coarse),
    fineNHW: labelsNHW(scenes.map(({ labels }) => labels)),
  };
}

using generator = new Generator(0);
const model = tidy(() => new SmallNetwork(generator));
const arm = tidy(() => new Arm({ generator, learningRateScale: 50 })); // ARM, line 1
const groups = [{ parameters: model.parameters() }, arm.adversarialParameters()]; // ARM, line 2
const optimizer = new Sgd(groups, { learningRate: 0.05 });

for (let step = 0; step < steps; step++) {
  using _step = scope();
  const { imagesNCHW, coarseNHW } = drawBatch(step * batchSize);
  const logitsNCHW = model.forward(imagesNCHW);
  const lossesNHW = crossEntropy(logitsNCHW, coarseNHW);
  const weightsNHW = arm.weigh({
    confidenceNHW: variance(logitsNCHW),
    lossesNHW: lossesNHW.detach(),
    validNHW: coarseNHW.ne(ignoreIndex),
  }); // ARM, line 3
  const loss = lossesNHW.mul(weightsNHW).sum();
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  if (step % 25 === 0) console.log(`step ${step}  weighted loss ${loss.item().toFixed(3)}`);
}

{
  using _evaluation = scope();
  const { imagesNCHW, fineNHW } = drawBatch(1_000_000);
  const predictionNHW = noGrad(() => model.eval().forward(imagesNCHW)).argmax(1);
  const share = predictionNHW.eq(fineNHW).to({ dtype: 'float32' }).mean().item();
  console.log(`pixels right on scenes never seen, exact labels: ${(100 * share).toFixed(1)} %`);
}
const [unsure = 0, sure = 0] = arm.curve([-1, 1]);
console.log(`ARM weighs an unsure pixel ${(unsure / sure).toFixed(2)} times as much as a sure one`);
for (const resource of [model, arm, optimizer]) resource.dispose();
