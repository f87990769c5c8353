/** Implements `coarsely evaluate`, which scores a trained model on labeled images. */

import { Command } from 'commander';
import { exitCodes } from '../../../errors/internal.js';
import type { Evaluation } from '../../../evaluation/index.js';
import { formatPercent, formatTable } from '../../../format/index.js';
import {
  type InferenceCommandOptions,
  withInferenceChanges,
  withInferenceOptions,
} from '../../options/inference-options.js';
import { createProgressLine } from '../../output/progress-line.js';
import { tellSkipped } from '../../output/skipped-files.js';

const example = `
All scores are percentages. mIoU and mAcc are means over the classes that occur in labels or predictions.
Images are read as the run's config says (its inference section), unless options say otherwise.

Example:
  $ coarsely evaluate runs/folder-arm
  $ coarsely evaluate runs/folder-arm --split train --labels coarse
  $ coarsely evaluate runs/folder-arm --tta --boundary
  $ coarsely evaluate runs/ade20k-arm --base-size 2048x512
  $ coarsely evaluate --weights model.safetensors --config mine.yaml --json
  $ coarsely evaluate --weights deeplabv3plus_r101.pth --config cityscapes-fine-cross-entropy --data /data/cityscapes

A checkpoint of mmsegmentation (DeepLabv3+ or OCR on a ResNet or ResNeSt) says itself what network it is of: of the
config only the dataset and the way of reading images are used, and --data alone is enough for a dataset folder.`;

interface EvaluateCommandOptions extends InferenceCommandOptions {
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
    .option('--data <root>', 'another dataset folder than the config names')
    .option('--split <name>', 'another split')
    .option('--labels <name>', 'other labels');
  return withInferenceOptions(command)
    .option('--boundary', 'also boundary F-score and trimap mIoU')
    .option('--json', 'print one JSON object instead of a table')
    .addHelpText('after', example)
    .action(evaluateModel);
}

/** Returns what is wrong with the options, or null. */
function mistakeIn(
  runFolder: string | undefined,
  { weights, config, data }: EvaluateCommandOptions,
): string | null {
  if (runFolder !== undefined) {
    return (weights ?? config) === undefined ? null : 'give either a run or --weights FILE, not both';
  }
  if (weights === undefined) return 'give a run, or --weights FILE';
  if ((config ?? data) !== undefined) return null;
  return '--weights FILE needs --config FILE, or --data ROOT where it is a published checkpoint';
}

async function evaluateModel(
  runFolder: string | undefined,
  options: EvaluateCommandOptions,
  command: Command,
): Promise<void> {
  const { data, split, labels, json = false } = options;
  const mistake = mistakeIn(runFolder, options);
  if (mistake !== null) command.error(`error: ${mistake}`, { exitCode: exitCodes.usage });
  const { datasetSection } = await import('../../../config/index.js');
  const { openDataset } = await import('../../../data/index.js');
  const { evaluate } = await import('../../../evaluation/index.js');
  const { inferenceOptions } = await import('../../../evaluation/index.js');
  const { evaluationSource } = await import('./evaluation-source.js');
  const { useEngine } = await import('../../training/use-engine.js');

  const source = evaluationSource(runFolder, options);
  const config = withInferenceChanges(source.config, options);
  const changes = Object.entries({ root: data, split, labels }).filter(([, value]) => value !== undefined);
  const section = { ...datasetSection(config.data, 'evaluation'), ...Object.fromEntries(changes) };
  const dataset = await openDataset(section);
  tellSkipped(section, dataset.skipped ?? []);
  useEngine(config);
  const model = source.load(config, dataset.classes);
  const line = createProgressLine('evaluating');
  const result = await evaluate(model, dataset, {
    ...inferenceOptions(config),
    boundary: config.inference.boundary,
    onProgress: line.show,
  });
  line.close();
  model.dispose();
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...result, dataset: section, inference: config.inference })}\n`
      : `${scoreTable(result)}\n`,
  );
}

/** Prints the scores of each class, then the means. */
function scoreTable(evaluation: Evaluation): string {
  const { aAcc, mAcc, mIoU, boundaryF1, trimapMIoU, perClass, images } = evaluation;
  const outlined = boundaryF1 !== null;
  const heading = ['class', 'IoU', 'accuracy', ...(outlined ? ['boundary F1'] : []), 'pixels'];
  const rows = perClass.map((one) => [
    one.name,
    formatPercent(one.iou),
    formatPercent(one.accuracy),
    ...(outlined ? [formatPercent(one.boundaryF1)] : []),
    one.pixels.toLocaleString('en'),
  ]);
  const means = `mIoU ${formatPercent(mIoU)}  mAcc ${formatPercent(mAcc)}  aAcc ${formatPercent(aAcc)}`;
  const lines = [formatTable([heading, ...rows]), '', `${means}  (${images} images)`];
  if (outlined) {
    const bands = (trimapMIoU ?? []).map((band) => `${band.width} px ${formatPercent(band.mIoU)}`);
    lines.push(`boundary F1 ${formatPercent(boundaryF1)}  trimap mIoU ${bands.join('  ')}`);
  }
  return lines.join('\n');
}
