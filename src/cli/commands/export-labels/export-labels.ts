/** `coarsely export-labels DATASET OUT` writes labels in the form of an annotation tool. */

import { Command, InvalidArgumentError, Option } from 'commander';
import type { ExportFormatName, ExportSummary } from '../../../exporters/index.js';
import { counted, formatCount, shellWord } from '../../../format/index.js';
import { collect } from '../../options/parse-options.js';
import { printNotice } from '../../output/print-notice.js';
import { createProgressLine } from '../../output/progress-line.js';

const example = `
Forms:
  png        gray PNGs whose values are the indices of classes, 255 without a label, and classes.json
  png-doubt  the same, with 255 where an audit doubts the label (--doubt)
  labelme    a JSON file for each image, with polygons; open with labelme OUT/SPLIT --labels OUT/labels.txt
  coco       instances_SPLIT.json, a polygon for each region, and run lengths for regions with holes
  cvat       annotations.xml, CVAT for images 1.1

Pixels without a label are left out. Labelme and CVAT have no holes: regions with holes are cut into parts, one group each.
Neighbors share their simplified border, so that no gap opens between them. Images stay where they are and are referred to.
OUT must be new or empty.

Example:
  $ coarsely export-labels my-dataset my-labelme --labels coarse --format labelme
  $ coarsely import my-labelme my-dataset-2 --images my-dataset/images`;

interface ExportLabelsCommandOptions {
  readonly labels: string;
  readonly format: ExportFormatName;
  readonly split?: string;
  readonly tolerance: number;
  readonly doubt?: string;
  readonly journal?: readonly string[];
  readonly changedSince?: string;
  readonly labelEncoding: 'auto' | 'index' | 'color';
  readonly json?: boolean;
}

export function exportLabelsCommand(): Command {
  return new Command('export-labels')
    .description('write labels for an annotation tool: Labelme, COCO, CVAT, or PNGs')
    .argument('<dataset>', 'folder with images, labels and classes.json')
    .argument('<out>', 'folder for the files; nothing is overwritten')
    .requiredOption('--labels <name>', 'the folder of labels beside images')
    .addOption(
      new Option('--format <form>', 'form of the files')
        .choices(['png', 'png-doubt', 'labelme', 'coco', 'cvat'] satisfies ExportFormatName[])
        .makeOptionMandatory(),
    )
    .option('--split <name>', 'only this split')
    .option('--tolerance <px>', 'how far a polygon may be from the labels; 0 keeps every corner', pixels, 1)
    .option('--doubt <audit>', 'leave out the regions of this audit, its folder or regions.jsonl')
    .option('--journal <file>', 'regions decided in this journal are not in doubt (repeatable)', collect)
    .option('--changed-since <dataset>', 'only images whose labels differ from those of this dataset')
    .addOption(
      new Option('--label-encoding <what>', 'what states the class of a pixel, as data.labelEncoding')
        .choices(['auto', 'index', 'color'])
        .default('auto'),
    )
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', example)
    .action(exportLabelsOf);
}

async function exportLabelsOf(
  dataset: string,
  out: string,
  { doubt, journal = [], json = false, ...given }: ExportLabelsCommandOptions,
): Promise<void> {
  const { exportLabels } = await import('../../../exporters/index.js');
  const { decidedRegions } = await import('../../../review/index.js');
  const line = createProgressLine('exporting');
  const summary = await exportLabels(dataset, out, {
    ...given,
    ...(doubt !== undefined && { doubt: { audit: doubt, decided: decidedRegions(journal) } }),
    onProgress: line.show,
  }).finally(line.close);
  for (const note of summary.notes) printNotice(note);
  if (json) {
    process.stdout.write(`${JSON.stringify(summary)}\n`);
    return;
  }
  process.stdout.write(`${summaryText(summary)}\n`);
  process.stdout.write(`${nextStep(dataset, { out, format: given.format })}\n`);
}

function summaryText({
  output,
  images,
  unchanged,
  shapes,
  kept,
  tolerance,
  doubt,
  labels,
}: ExportSummary): string {
  const total = Object.values(images).reduce((sum, count) => sum + count, 0);
  const bySplit = Object.entries(images).map(([split, count]) => `${split} ${formatCount(count)}`);
  const lines = [
    `wrote the ${labels} labels of ${counted(total, 'image', 'images')} to ${output} (${bySplit.join(', ')})`,
  ];
  if (unchanged > 0)
    lines.push(
      `${counted(unchanged, 'image has', 'images have')} the same labels as before and are left out`,
    );
  if (shapes !== null) {
    const exact = tolerance === 0 ? 'keep every corner' : `follow the labels within ${tolerance} px`;
    const whole = kept === 0 ? '' : `; ${formatCount(kept)} too thin for that keep every corner`;
    lines.push(`${counted(shapes, 'shape', 'shapes')}, whose outlines ${exact}${whole}`);
  }
  if (doubt !== null) {
    const lost =
      doubt.notFound === 0 ? '' : `; ${formatCount(doubt.notFound)} are of images that are not there`;
    lines.push(
      `${counted(doubt.regions, 'region', 'regions')} in doubt: ${counted(doubt.pixels, 'pixel is', 'pixels are')} left without a label${lost}`,
    );
  }
  return lines.join('\n');
}

/** Says what can be done with the files. */
function nextStep(
  dataset: string,
  { out, format }: { readonly out: string; readonly format: ExportFormatName },
): string {
  if (format === 'png' || format === 'png-doubt') {
    return 'values are the indices of the classes in classes.json; 255 is not labeled';
  }
  const words = [out, `${out}-imported`, '--format', format, '--images', `${dataset}/images`];
  return `read them back: coarsely import ${words.map(shellWord).join(' ')}`;
}

/** Parses a number of pixels, 0 or greater. */
function pixels(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1000)) {
    throw new InvalidArgumentError('expected a number of pixels from 0 to 1000.');
  }
  return value;
}
