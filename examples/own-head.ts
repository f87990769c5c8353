/**
 * Trains with a head of your own: two convolutions on the last feature of the backbone. Once registered as a kind, a config
 * can name it, and its checkpoints load like any others.
 *
 *     node node_modules/coarsely/dist/examples/own-head.js [folder] [steps]
 */

import { join } from 'node:path';
import { configSchema } from 'coarsely/config';
import { type Features, type Head, type HeadContext, type HeadOutput, heads } from 'coarsely/models';
import { Conv2d, Module } from 'coarsely/nn';
import { folderArm } from 'coarsely/recipes';
import { defineComponent } from 'coarsely/registry';
import { writeScenes } from 'coarsely/scenes';
import { runTraining } from 'coarsely/training';
import { z } from 'zod';

const folder = process.argv[2] ?? 'example';
const iterations = Number(process.argv[3] ?? 100);

const options = z
  .strictObject({ channels: z.int().min(1).default(64).describe('Channels between the two convolutions.') })
  .describe('Two convolutions on the last feature.');

class SmallHead extends Module implements Head {
  readonly channels: number;
  readonly reduce: Conv2d;
  readonly classify: Conv2d;

  constructor({ channels }: z.output<typeof options>, { backbone, classCount, generator }: HeadContext) {
    super();
    this.channels = channels;
    this.reduce = new Conv2d(backbone.channels[3], channels, { kernelSize: 3, padding: 1, generator });
    this.classify = new Conv2d(channels, classCount, { kernelSize: 1, generator });
  }

  /** Returns logits at the size of the last feature; the segmentor resizes them to the size of the labels. */
  forward([, , , last]: Features): HeadOutput {
    const featuresNCHW = this.reduce.forward(last).relu();
    return { logitsNCHW: this.classify.forward(featuresNCHW), featuresNCHW, auxiliaryLogitsNCHW: null };
  }
}

heads.register(
  defineComponent({
    kind: 'small',
    options,
    create: (parsed, context: HeadContext) => new SmallHead(parsed, context),
  }),
);

const root = join(folder, 'scenes');
await writeScenes(root, { train: 40, validation: 4, width: 144, height: 96 });
const recipe = folderArm({ root });
const config = configSchema.parse({
  ...recipe,
  data: { ...recipe.data, augmentation: { cropSize: [96, 96] } },
  model: { head: { kind: 'small', channels: 32 }, auxiliary: null },
  training: { iterations, batchSize: 4 },
});
await runTraining(config, {
  runFolder: join(folder, 'small-head'),
  onEvent: (event) => {
    if (event.type === 'evaluation')
      console.log(`mIoU on exact labels: ${(100 * event.values.mIoU).toFixed(1)} %`);
  },
});
