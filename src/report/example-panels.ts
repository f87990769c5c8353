/** Makes the example images of a report, spread evenly over the evaluation split and measured with every run. */

import { type ImageMaps, measureImage, modelWithObjective } from '../analysis/index.js';
import { evenlySpaced, haveSameImages } from '../analysis/internal.js';
import { datasetSection } from '../config/index.js';
import {
  alignClasses,
  type DatasetClass,
  ignoreIndex,
  openDataset,
  type Sample,
  type SegmentationDataset,
} from '../data/index.js';
import { CheckpointError, CoarselyError, MemoryError } from '../errors/index.js';
import { type LoadedRun, loadRun } from '../evaluation/index.js';
import { predictedClasses } from '../evaluation/internal.js';
import { formatPercent } from '../format/index.js';
import { setThreads } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import { labelsUri, photoUri } from './panel-images.js';
import type { Example, ExampleRow, Panel, ReportRun } from './report-run.js';
import { runPanels } from './run-panels.js';
import type { ExamplesContent } from './sections/examples.js';

/** Holds an image with the labels of the evaluation. */
interface LabeledScene {
  readonly sample: Sample;
  /** Holds the labels of training; null where they are the same. */
  readonly trainingLabels: Uint8Array | null;
}

/**
 * Measures `count` images with the last checkpoint of every run. A run without a checkpoint, or whose dataset is missing,
 * leaves a remark in place of its pictures.
 *
 * @throws {CheckpointError} when a checkpoint is damaged
 */
export async function examplePanels(
  runs: readonly ReportRun[],
  { count, onLeftOut }: { readonly count: number; readonly onLeftOut?: ((line: string) => void) | undefined },
): Promise<ExamplesContent> {
  const nothing = { examples: [], classes: [] };
  if (count === 0) return { ...nothing, remark: null };
  let shared: { scenes: LabeledScene[]; classes: readonly DatasetClass[]; data: string } | null = null;
  const rows: ExampleRow[][] = [];
  const remarks: string[] = [];
  for (const [index, { folder, label, hasCheckpoint }] of runs.entries()) {
    if (!hasCheckpoint) {
      remarks.push(`No pictures of ${label}: it has no checkpoint yet.`);
      continue;
    }
    try {
      using run = await loadRun(folder, { device: 'cpu' });
      setThreads(resolveThreads(run.config.threads));
      const data = JSON.stringify(run.config.data.evaluation) + run.config.data.root;
      if (shared !== null && data !== shared.data) {
        remarks.push(`${label} was evaluated on other images, so it has no pictures here.`);
        continue;
      }
      // Read for every run, because labels have the order of its network's classes.
      const onNotice = (notice: string) => remarks.push(`${notice}.`);
      const scenes = await readScenes(run, { count, onNotice });
      shared ??= { scenes, classes: run.classes, data };
      rows.push(await runRows(run, { index, scenes, onLeftOut }));
    } catch (error) {
      if (!(error instanceof CoarselyError) || error instanceof CheckpointError) throw error;
      remarks.push(`No pictures of ${label}: ${error.message}`);
    }
  }
  const remark = remarks.length === 0 ? null : remarks.join(' ');
  if (shared === null) return { ...nothing, remark };
  const { scenes, classes } = shared;
  const examples: Example[] = [];
  for (const [index, scene] of scenes.entries()) {
    const { name, width, height } = scene.sample;
    const first = await sharedRow(scene, classes);
    examples.push({ name, width, height, rows: [first, ...rows.map((row) => row[index] as ExampleRow)] });
  }
  return { examples, classes, remark };
}

async function readScenes(
  run: LoadedRun,
  { count, onNotice }: { readonly count: number; readonly onNotice: (notice: string) => void },
): Promise<LabeledScene[]> {
  const { data } = run.config;
  const network = predictedClasses(run);
  const dataset = alignClasses(await openDataset(datasetSection(data, 'evaluation')), { network, onNotice });
  const training = await openWithTrainingLabels(run, dataset);
  const scenes: LabeledScene[] = [];
  for (const index of evenlySpaced(dataset.length, count)) {
    const sample = await dataset.read(index);
    scenes.push({ sample, trainingLabels: (await training?.read(index))?.labels ?? null });
  }
  return scenes;
}

/** Opens the evaluation images with the labels of training; null where those are the same or are missing. */
async function openWithTrainingLabels(
  run: LoadedRun,
  evaluation: SegmentationDataset,
): Promise<SegmentationDataset | null> {
  const { data } = run.config;
  if (data.train.labels === data.evaluation.labels) return null;
  const section = { ...datasetSection(data, 'evaluation'), labels: data.train.labels };
  try {
    const training = alignClasses(await openDataset(section), { network: predictedClasses(run) });
    return haveSameImages(training, evaluation) ? training : null;
  } catch (error) {
    if (error instanceof CoarselyError) return null;
    throw error;
  }
}

/** Makes the row of image and labels, which all runs share. */
async function sharedRow(
  { sample, trainingLabels }: LabeledScene,
  classes: readonly DatasetClass[],
): Promise<ExampleRow> {
  const { name, image, labels, width, height } = sample;
  const size = { width, height };
  const panels: Panel[] = [
    {
      title: 'Image',
      description: `${name}: the image`,
      source: await photoUri(image, size),
      note: null,
      kind: 'photo',
    },
  ];
  if (trainingLabels !== null) {
    const labeled = trainingLabels.filter((id) => id !== ignoreIndex).length / trainingLabels.length;
    const share = formatPercent(labeled, { decimals: 0, sign: true });
    panels.push({
      title: 'Coarse label',
      description: `${name}: coarse label, ${share} of the pixels labeled`,
      source: await labelsUri(trainingLabels, { ...size, classes }),
      note: `${share} labeled`,
      kind: 'labels',
    });
  }
  if (labels !== null) {
    const title = trainingLabels === null ? 'Label' : 'Fine label';
    panels.push({
      title,
      description: `${name}: ${title.toLowerCase()}`,
      source: await labelsUri(labels, { ...size, classes }),
      note: null,
      kind: 'labels',
    });
  }
  return { run: null, panels, remark: null };
}

async function runRows(
  run: LoadedRun,
  {
    index,
    scenes,
    onLeftOut,
  }: {
    readonly index: number;
    readonly scenes: readonly LabeledScene[];
    readonly onLeftOut: ((line: string) => void) | undefined;
  },
): Promise<ExampleRow[]> {
  using model = modelWithObjective(run, { device: 'cpu' });
  const rows: ExampleRow[] = [];
  for (const [place, { sample, trainingLabels }] of scenes.entries()) {
    const unlabeled = () => new Uint8Array(sample.width * sample.height).fill(ignoreIndex);
    let maps: ImageMaps;
    try {
      maps = measureImage(model, sample, {
        trainingLabels: trainingLabels ?? sample.labels ?? unlabeled(),
        index: place,
      });
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      onLeftOut?.(error.message);
      rows.push({ run: index, panels: [], remark: `Left out: ${error.message}` });
      continue;
    }
    const panels = await runPanels(maps, { run, sample });
    const remark = maps.weights === null ? 'No weights: this run trains on the plain mean.' : null;
    rows.push({ run: index, panels, remark });
  }
  return rows;
}
