/**
 * Fine-tunes a network from published ImageNet weights, after checking that they fit the backbone. The dataset is a folder
 * with `coarse` and `fine` labels.
 *
 *     node node_modules/coarsely/dist/examples/fine-tune.js resnet18.pth my-dataset [folder] [steps]
 */

import { join } from 'node:path';
import { configSchema } from 'coarsely/config';
import { loadBackboneWeights, ResNet } from 'coarsely/models';
import { folderArm } from 'coarsely/recipes';
import { Generator } from 'coarsely/torch';
import { runTraining } from 'coarsely/training';

const [weights, root, folder = 'example', steps = '400'] = process.argv.slice(2);
if (weights === undefined || root === undefined) {
  throw new Error('usage: fine-tune.js WEIGHTS DATASET [FOLDER] [STEPS]');
}

// The run loads the weights by itself; this checks them first. ResNets of torchvision need torchvision's stem.
{
  using generator = new Generator(0);
  const backbone = new ResNet(18, { stem: 'torchvision', generator });
  const { loaded, unused } = loadBackboneWeights(backbone, weights);
  console.log(`${loaded.length} tensors loaded, not used: ${unused.join(', ') || 'none'}`);
  backbone.dispose();
}

const recipe = folderArm({ root });
const config = configSchema.parse({
  ...recipe,
  model: { backbone: { kind: 'resnet18', stem: 'torchvision', weights } },
  // Pretrained features need a smaller learning rate than the head, which starts from random values.
  optimizer: { learningRate: 0.01, backboneScale: 0.1 },
  schedule: { kind: 'cosine' },
  training: { iterations: Number(steps), batchSize: 4 },
});
await runTraining(config, {
  runFolder: join(folder, 'fine-tuned'),
  onEvent: (event) => {
    if (event.type === 'evaluation')
      console.log(`mIoU on exact labels: ${(100 * event.values.mIoU).toFixed(1)} %`);
  },
});
