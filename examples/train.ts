/**
 * Trains from a program: takes a recipe, changes a few keys, trains, and scores the trained network on exact labels.
 * Generated scenes stand for your dataset folder.
 *
 *     node node_modules/coarsely/dist/examples/train.js [folder] [steps]
 */

import { join } from 'node:path';
import { configSchema, datasetSection } from 'coarsely/config';
import { openDataset } from 'coarsely/data';
import { evaluate, inferenceOptions, loadRun } from 'coarsely/evaluation';
import { folderArm } from 'coarsely/recipes';
import { writeScenes } from 'coarsely/scenes';
import { runTraining } from 'coarsely/training';

const folder = process.argv[2] ?? 'example';
const iterations = Number(process.argv[3] ?? 100);

const root = join(folder, 'scenes');
await writeScenes(root, { train: 40, validation: 4, width: 144, height: 96 });

const recipe = folderArm({ root });
const config = configSchema.parse({
  ...recipe,
  data: { ...recipe.data, augmentation: { cropSize: [96, 96] } },
  // The recipe starts from ImageNet weights, which are fetched; random ones need no network.
  model: { backbone: { kind: 'resnet18', weights: null } },
  training: { iterations, batchSize: 4 },
});
const runFolder = join(folder, 'run');
const outcome = await runTraining(config, {
  runFolder,
  onEvent: (event) => {
    if (event.type === 'step' && event.loss !== null) {
      console.log(`step ${event.step}  loss ${event.loss.toFixed(3)}`);
    }
  },
});
console.log(`${outcome}: ${runFolder}`);

using run = await loadRun(runFolder);
const dataset = await openDataset(datasetSection(run.config.data, 'evaluation'));
const { mIoU } = await evaluate(run.model, dataset, inferenceOptions(run.config));
console.log(`mIoU on exact labels: ${(100 * mIoU).toFixed(1)} %`);
