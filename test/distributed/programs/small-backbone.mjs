/** Registers the backbone `small`: four stages of two convolutions each, which are quick to train. */
import { backbones } from 'coarsely/models';
import { BatchNorm2d, Conv2d, Module } from 'coarsely/nn';
import { z } from 'zod';

class Stage extends Module {
  constructor(inChannels, outChannels, { stride, generator }) {
    super();
    const geometry = { kernelSize: 3, padding: 1, bias: false, generator };
    this.conv1 = new Conv2d(inChannels, outChannels, { ...geometry, stride });
    this.bn1 = new BatchNorm2d(outChannels);
    this.conv2 = new Conv2d(outChannels, outChannels, geometry);
    this.bn2 = new BatchNorm2d(outChannels);
  }

  forward(input) {
    const features = this.bn1.forward(this.conv1.forward(input), { activation: 'relu' });
    const shape = { residual: features, activation: 'relu' };
    return this.bn2.forward(this.conv2.forward(features), shape);
  }
}

class Small extends Module {
  channels = [8, 16, 24, 32];
  outputStride = 16;

  constructor({ generator }) {
    super();
    const [one, two, three, four] = this.channels;
    this.stages = [
      new Stage(3, one, { stride: 4, generator }),
      new Stage(one, two, { stride: 2, generator }),
      new Stage(two, three, { stride: 2, generator }),
      new Stage(three, four, { stride: 1, generator }),
    ];
  }

  forward(imagesNCHW) {
    const features = [];
    for (const stage of this.stages) features.push(stage.forward(features.at(-1) ?? imagesNCHW));
    return features;
  }
}

backbones.register({
  kind: 'small',
  options: z.strictObject({}),
  create: (_options, context) => new Small(context),
});
