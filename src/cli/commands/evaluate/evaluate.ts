/** `coarsely evaluate` prints the scores of a trained model on labeled images. */

import { Command } from 'commander';
import type { Evaluation } from '../../../evaluation/index.js';
import { counted, formatCount, formatPercent, formatTable } from '../../../format/index.js';
import {
  type InferenceCommandOptions,
  withInferenceChanges,
  withInferenceOptions,
} from '../../options/inference-options.js';
import { usageError } from '../../options/parse-options.js';
import { type PublishedCommandOptions, withPublishedOptions } from '../../options/published-options.js';
import { printLeftOut } from '../../output/print-left-out.js';
import { createProgressLine } from '../../output/progress-line.js';
import { printSkipped } from '../../output/skipped-files.js';

const example = `
All scores are percentages. mIoU is the mean over the classes that occur in labels or predictions, mAcc over those that
occur in labels, as in mmsegmentation.
Images are read as the inference section of the run's config says, unless options change it. A run is scored in the
precision of its training, and weights without a run in float32, unless --precision says otherwise.

A dataset whose classes have the same names in another order is scored by name. Other classes are refused.

Example:
  $ coarsely evaluate runs/folder-arm
  $ coarsely evaluate runs/folder-arm --split train --labels coarse
  $ coarsely evaluate runs/folder-arm --tta --boundary
  $ coarsely evaluate runs/ade20k-arm --base-size 2048x512
  $ coarsely evaluate --weights model.safetensors --config mine.yaml --json
  $ coarsely evaluate --weights deeplabv3plus_r101.pth --config cityscapes-fine-cross-entropy --data /data/cityscapes

A checkpoint of mmsegmentation (DeepLabv3+ or OCR on a ResNet or ResNeSt) describes its own network, its normalization
and how it is tested, so that only the dataset of the config is used, and its inference section where it says something;
for a dataset folder, --data is enough. What a checkpoint without a config does not say is assumed, and printed.`;

interface EvaluateCommandOptions extends InferenceCommandOptions, PublishedCommandOptions {
  readonly weights?: string;
  readonly config?: string;
  readonly data?: string;
  readonly split?: string;
  readonly labels?: string;
  readonly json?: boolean;
}

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('score a trained model on labeled images')
    .argument('[run]', "a run's folder; its last checkpoint is used")
    .option('--weights <file>', 'weights (.safetensors or .pth) instead of a run')
    .option('--config <config>', 'config file or recipe that the weights belong to')
    .option('--data <root>', "a dataset folder, instead of the config's")
    .option('--split <name>', "a split, instead of the config's")
    .option('--labels <name>', "labels, instead of the config's");
  return withPublishedOptions(withInferenceOptions(command))
    .option('--boundary', 'also measure the boundary F-score and the trimap mIoU')
    .option('--json', 'print one JSON object instead of a table')
    .addHelpText('after', example)
    .action(evaluateModel);
}

/** Ends the command when its arguments do not name exactly one model. */
function checkArguments(
  runFolder: string | undefined,
  { weights, config, data }: EvaluateCommandOptions,
  command: Command,
): void {
  if (runFolder !== undefined) {
    if ((weights ?? config) !== undefined) {
      usageError(command, 'give either a run or --weights FILE, not both');
    }
    return;
  }
  if (weights === undefined) usageError(command, 'give a run, or --weights FILE');
  if ((config ?? data) === undefined) {
    usageError(command, '--weights FILE needs --config FILE, or --data ROOT for a published checkpoint');
  }
}

async function evaluateModel(
  runFolder: string | undefined,
  options: EvaluateCommandOptions,
  command: Command,
): Promise<void> {
  const { data, split, labels, json = false } = options;
  checkArguments(runFolder, options, command);
  const { datasetSection } = await import('../../../config/index.js');
  const { openDataset } = await import('../../../data/index.js');
  const { evaluate, inferenceOptions } = await import('../../../evaluation/index.js');
  const { evaluationSource } = await import('./evaluation-source.js');
  const { resolvePrecision } = await import('../../../torch/internal.js');
  const { useEngine } = await import('../../training/use-engine.js');

  const { weights, config: configSource } = options;
  const source = evaluationSource(runFolder, {
    ...(weights !== undefined && { weights }),
    ...(configSource !== undefined && { config: configSource }),
    ...(data !== undefined && { data }),
    published: options,
  });
  const changes = Object.entries({ root: data, split, labels }).filter(([, value]) => value !== undefined);
  const section = { ...datasetSection(source.config.data, 'evaluation'), ...Object.fromEntries(changes) };
  const opened = await openDataset(section);
  printSkipped(section, opened.skipped ?? []);
  useEngine(withInferenceChanges(source.config, options));
  const { model, dataset, describe, ...loaded } = await source.load(source.config, opened);
  const config = withInferenceChanges(loaded.config, options);
  if (describe !== null) process.stderr.write(`${describe(config)}\n`);
  const inference = inferenceOptions(config);
  const precision = resolvePrecision(inference.precision, inference.device);
  const line = createProgressLine('evaluating');
  const result = await evaluate(model, dataset, {
    ...inference,
    boundary: config.inference.boundary,
    onProgress: line.show,
  });
  line.close();
  model.dispose();
  for (const { image, reason } of result.skipped) printLeftOut(`${image}: ${reason}`);
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...result, precision, dataset: section, inference: config.inference })}\n`
      : `${scoreTable(result, { precision })}\n`,
  );
}

/** Writes the scores of every class, then the means. */
function scoreTable(evaluation: Evaluation, { precision }: { readonly precision: string }): string {
  const { aAcc, mAcc, mIoU, boundaryF1, trimapMIoU, perClass, images } = evaluation;
  const hasBoundaries = boundaryF1 !== null;
  const heading = ['class', 'IoU', 'accuracy', ...(hasBoundaries ? ['boundary F1'] : []), 'pixels'];
  const rows = perClass.map((one) => [
    one.name,
    formatPercent(one.iou),
    formatPercent(one.accuracy),
    ...(hasBoundaries ? [formatPercent(one.boundaryF1)] : []),
    formatCount(one.pixels),
  ]);
  const means = `mIoU ${formatPercent(mIoU)}  mAcc ${formatPercent(mAcc)}  aAcc ${formatPercent(aAcc)}`;
  const lines = [
    formatTable([heading, ...rows]),
    '',
    `${means}  (${counted(images, 'image')}, ${precision})`,
  ];
  if (hasBoundaries) {
    const bands = (trimapMIoU ?? []).map((band) => `${band.width} px ${formatPercent(band.mIoU)}`);
    lines.push(`boundary F1 ${formatPercent(boundaryF1)}  trimap mIoU ${bands.join('  ')}`);
  }
  return lines.join('\n');
}
