/** The example images of a report: chosen evenly over the evaluation split, seen by every run's last checkpoint. */
import { inspectImage, subjectOf } from '../analysis/index.js';
import { datasetSection } from '../config/index.js';
import {
  type DatasetClass,
  ignoreIndex,
  openDataset,
  type Sample,
  type SegmentationDataset,
} from '../data/index.js';
import { CheckpointError, CoarselyError } from '../errors/index.js';
import { type LoadedRun, loadRun } from '../evaluation/index.js';
import { confidenceScale, gradientOf, weightScale } from '../figures/internal.js';
import { setThreads } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import { labelsUri, photoUri } from './panel-images.js';
import type { Example, ExampleRow, Panel, ReportRun } from './report-run.js';
import { runPanels } from './run-panels.js';
import type { ExamplesContent } from './sections/examples.js';

/** An image with its labels: `labels` as the evaluation has them, `coarse` as training has them, where they differ. */
interface Scene {
  readonly sample: Sample;
  readonly coarse: Uint8Array | null;
}

const scales = { confidence: gradientOf(confidenceScale), weight: gradientOf(weightScale) };

/**
 * A run without checkpoint, or whose data set is gone, leaves a remark where its pictures would be.
 *
 * @throws CheckpointError when a checkpoint is damaged
 */
export async function examplePanels(
  runs: readonly ReportRun[],
  { count }: { count: number },
): Promise<ExamplesContent> {
  const nothing = { examples: [], classes: [], scales };
  if (count === 0) return { ...nothing, remark: null };
  let content: { scenes: Scene[]; classes: readonly DatasetClass[] } | null = null;
  let dataOfFirst = '';
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
      if (content === null) {
        content = { scenes: await readScenes(run, count), classes: run.classes };
        dataOfFirst = data;
      } else if (data !== dataOfFirst) {
        remarks.push(`${label} was evaluated on other images, so it has no pictures here.`);
        continue;
      }
      rows.push(await runRows(run, { index, scenes: content.scenes }));
    } catch (error) {
      if (!(error instanceof CoarselyError) || error instanceof CheckpointError) throw error;
      remarks.push(`No pictures of ${label}: ${error.message}`);
    }
  }
  const remark = remarks.length === 0 ? null : remarks.join(' ');
  if (content === null) return { ...nothing, remark };
  const { scenes, classes } = content;
  const examples: Example[] = [];
  for (const [index, scene] of scenes.entries()) {
    const { name, width, height } = scene.sample;
    const shared = await sharedRow(scene, classes);
    examples.push({ name, width, height, rows: [shared, ...rows.map((row) => row[index] as ExampleRow)] });
  }
  return { examples, classes, remark, scales };
}

/** Images in the middle of `count` equal parts of the evaluation split. */
async function readScenes({ config }: LoadedRun, count: number): Promise<Scene[]> {
  const section = datasetSection(config.data, 'evaluation');
  const dataset = await openDataset(section);
  const coarse = await openCoarse(config.data, dataset);
  const shown = Math.min(count, dataset.length);
  const scenes: Scene[] = [];
  for (let part = 0; part < shown; part += 1) {
    const index = Math.floor(((part + 0.5) * dataset.length) / shown);
    const sample = await dataset.read(index);
    scenes.push({ sample, coarse: (await coarse?.read(index))?.labels ?? null });
  }
  return scenes;
}

/** The evaluation images with the labels of training; null where those are the same or aren't there. */
async function openCoarse(
  data: LoadedRun['config']['data'],
  fine: SegmentationDataset,
): Promise<SegmentationDataset | null> {
  if (data.train.labels === data.evaluation.labels) return null;
  const section = { ...datasetSection(data, 'evaluation'), labels: data.train.labels };
  try {
    const coarse = await openDataset(section);
    const same = coarse.length === fine.length && coarse.name(0) === fine.name(0);
    return same ? coarse : null;
  } catch (error) {
    if (error instanceof CoarselyError) return null;
    throw error;
  }
}

async function sharedRow({ sample, coarse }: Scene, classes: readonly DatasetClass[]): Promise<ExampleRow> {
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
  if (coarse !== null) {
    const labeled = share(coarse, (id) => id !== ignoreIndex);
    panels.push({
      title: 'Coarse label',
      description: `${name}: coarse label, ${labeled} of the pixels labeled`,
      source: await labelsUri(coarse, { ...size, classes }),
      note: `${labeled} labeled`,
      kind: 'labels',
    });
  }
  if (labels !== null) {
    panels.push({
      title: coarse === null ? 'Label' : 'Fine label',
      description: `${name}: ${coarse === null ? 'label' : 'fine label'}`,
      source: await labelsUri(labels, { ...size, classes }),
      note: null,
      kind: 'labels',
    });
  }
  return { run: null, panels, remark: null };
}

async function runRows(
  run: LoadedRun,
  { index, scenes }: { index: number; scenes: readonly Scene[] },
): Promise<ExampleRow[]> {
  using subject = subjectOf(run, { device: 'cpu' });
  const rows: ExampleRow[] = [];
  for (const [place, { sample, coarse }] of scenes.entries()) {
    const teaching =
      coarse ?? sample.labels ?? new Uint8Array(sample.width * sample.height).fill(ignoreIndex);
    const inspection = inspectImage(subject, sample, { teaching, index: place });
    const panels = await runPanels(inspection, { run, sample });
    const remark = inspection.weights === null ? 'No weights: this run trains on the plain mean.' : null;
    rows.push({ run: index, panels, remark });
  }
  return rows;
}

function share(labels: Uint8Array, counts: (id: number) => boolean): string {
  return `${((100 * labels.filter(counts).length) / labels.length).toFixed(0)}%`;
}
