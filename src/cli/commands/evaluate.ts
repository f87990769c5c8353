/** `coarsely evaluate`: the scores of a trained model on labelled images. */

import { Command } from 'commander';
import type { Evaluation } from '../../evaluation/index.js';
import { formatPercent, formatTable } from '../format.js';
import {
  type InferenceCommandOptions,
  withInferenceChanges,
  withInferenceOptions,
} from '../inference-options.js';
import { createProgressLine } from '../progress-line.js';

const example = `
All scores are percentages. mIoU and mAcc are means over the classes that occur in labels or predictions.
Images are read as the run's config says (its inference section), unless options say otherwise.

Example:
  $ coarsely evaluate runs/folder-arm
  $ coarsely evaluate runs/folder-arm --split train --labels coarse
  $ coarsely evaluate runs/folder-arm --tta --boundary
  $ coarsely evaluate --weights model.safetensors --config mine.yaml --json`;

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
    .description('score a trained model on labelled images')
    .argument('[run]', "a run's folder; its last checkpoint is used")
    .option('--weights <file>', 'weights (.safetensors or .pth) instead of a run; needs --config')
    .option('--config <config>', 'config file or recipe of the network that the weights belong to')
    .option('--data <root>', 'another dataset folder than the config names')
    .option('--split <name>', 'another split')
    .option('--labels <name>', 'other labels');
  return withInferenceOptions(command)
    .option('--boundary', 'also boundary F-score and trimap mIoU')
    .option('--json', 'print one JSON object instead of a table')
    .addHelpText('after', example)
    .action(evaluateModel);
}

async function evaluateModel(
  runFolder: string | undefined,
  options: EvaluateCommandOptions,
  command: Command,
): Promise<void> {
  const { weights, config: configSource, data, split, labels, json = false } = options;
  const fromFile = weights !== undefined && configSource !== undefined;
  if (
    (runFolder === undefined) !== fromFile ||
    (runFolder !== undefined && (weights ?? configSource) !== undefined)
  ) {
    command.error('error: give either a run, or both --weights FILE and --config FILE', { exitCode: 2 });
  }
  const { configSchema, datasetSection, resolveConfig } = await import('../../config/index.js');
  const { openDataset } = await import('../../data/index.js');
  const { evaluate, inferenceOptions, loadModel } = await import('../../evaluation/index.js');
  const { recipes } = await import('../../recipes/index.js');
  const { useThreads } = await import('../use-threads.js');
  const { readStartedRun, trainedWeights } = await import('../run-place.js');

  const changedRoot = data === undefined ? [] : [{ label: '--data', values: { data: { root: data } } }];
  const source = fromFile
    ? {
        config: resolveConfig(configSource, { schema: configSchema, recipes, changes: changedRoot }),
        weights,
      }
    : trainedWeights(readStartedRun(runFolder as string));
  const config = withInferenceChanges(source.config, options);
  const changes = Object.entries({ root: data, split, labels }).filter(([, value]) => value !== undefined);
  const section = { ...datasetSection(config.data, 'evaluation'), ...Object.fromEntries(changes) };
  const dataset = await openDataset(section);
  useThreads(config);
  const model = loadModel(config, { weights: source.weights, classCount: dataset.classes.length });
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

/** Scores by class, then the means. */
export function scoreTable(evaluation: Evaluation): string {
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
