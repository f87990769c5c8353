/** Collects the problems of single files into one finding for each sort of problem. */

import { counted } from '../format/index.js';
import type { FileFindingCode, Finding } from './dataset-inspection.js';
import type { FileProblem } from './source.js';

const shownExamples = 5;

/** Holds what a finding says about `count` files and what to do. */
interface Wording {
  readonly message: (count: number) => string;
  readonly remedy: string;
}

const wordings = {
  'unreadable-image': {
    message: (count) => `${counted(count, 'image', 'images')} cannot be decoded`,
    remedy: 'copy or download them again, or remove them with their labels',
  },
  'unreadable-labels': {
    message: (count) => `${counted(count, 'label file', 'label files')} cannot be read`,
    remedy: 'export them again, as 8-bit gray, palette or RGB PNGs, or remove them with their images',
  },
  'wrong-size': {
    message: (count) => `${counted(count, 'label file has', 'label files have')} another size than the image`,
    remedy: 'labels need the size of their image: export them again, or resize them by nearest neighbor',
  },
  'exif-turned': {
    message: (count) =>
      `${counted(count, 'label file has', 'label files have')} width and height swapped against the image as its EXIF orientation shows it`,
    remedy:
      'if the labels were drawn on the pixels as stored, check and train with --set data.exif=ignore; do not resize them',
  },
  'sides-swapped': {
    message: (count) =>
      `${counted(count, 'label file has', 'label files have')} width and height of the image swapped`,
    remedy:
      'the labels are turned by 90° or were saved by columns: export them again as the image is; do not resize them',
  },
  'image-without-labels': {
    message: (count) => `${counted(count, 'image has', 'images have')} no labels`,
    remedy:
      'add the PNGs of the same names, or move the images to another split; if label names have a suffix, set data.labelSuffix',
  },
  'labels-without-image': {
    message: (count) => `${counted(count, 'label file has', 'label files have')} no image`,
    remedy: 'add the images of the same names, or remove the label files',
  },
  'same-name': {
    message: (count) => `${counted(count, 'file has', 'files have')} the name of another`,
    remedy: 'images and labels are paired by name: keep one of each name',
  },
  refused: {
    message: (count) => `${counted(count, 'file', 'files')} would stop training`,
    remedy: 'each line names the file and the reason',
  },
} satisfies Readonly<Record<FileFindingCode, Wording>>;

interface Group {
  readonly code: FileFindingCode;
  readonly split: string;
  readonly labels: string | null;
  count: number;
  readonly examples: string[];
}

/** Groups problems by code, split and labels. Memory does not grow with the number of files. */
export class FindingCollector {
  readonly #groups = new Map<string, Group>();

  add(split: string, { code, labels, path, reason }: FileProblem): void {
    const key = `${code} ${split} ${labels}`;
    const group = this.#groups.get(key) ?? { code, split, labels, count: 0, examples: [] };
    this.#groups.set(key, group);
    group.count++;
    if (group.examples.length < shownExamples)
      group.examples.push(reason === '' ? path : `${path} (${reason})`);
  }

  findings(): Finding[] {
    return [...this.#groups.values()].map((group) => ({
      ...group,
      message: wordings[group.code].message(group.count),
      remedy: wordings[group.code].remedy,
    }));
  }
}
