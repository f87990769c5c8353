/** Writes small datasets of every kind in its official layout, for the tests of what all kinds have in common. */

import { join } from 'node:path';
import { png, put, threeClasses } from './dataset-folder.js';

/** Gives the size of every image and label file here, in pixels. */
export const size = { width: 12, height: 8 } as const;

/** Describes a kind of dataset for the tests. */
export interface KindOfDataset {
  readonly kind: string;
  readonly classCount: number;
  /** Names a split that stops at bad files. */
  readonly strictSplit: string;
  /** Names a split that leaves bad files out, where the kind has one. */
  readonly lenientSplit: string | null;
  /** Holds the options beside root and split. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Returns the path of an image below the root. */
  image(split: string, place: number): string;
  /** Returns the path of a label file below the root. */
  labels(split: string, place: number): string;
  /** Returns the value in a label file for a class index. */
  encode(label: number): number;
  /** Holds a value without a meaning, and the end of the line that says so. */
  readonly outOfRange: { readonly value: number; readonly line: RegExp };
  /** Matches the line for a PNG of colors in place of labels. */
  readonly wrongMode: RegExp;
  /** Holds files beside images and labels. */
  readonly extra: Readonly<Record<string, string>>;
}

const street = (split: string, place: number) =>
  `aachen_00000${split === 'train' ? 0 : 1}_${String(place).padStart(6, '0')}`;
const cityscapesIds = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33];

const cityscapes = (labels: 'fine' | 'coarse', strictSplit: string): KindOfDataset => {
  const folder = labels === 'fine' ? 'gtFine' : 'gtCoarse';
  return {
    kind: 'cityscapes',
    classCount: 19,
    strictSplit,
    lenientSplit: 'train',
    options: { labels },
    image: (split, place) => `leftImg8bit/${split}/aachen/${street(split, place)}_leftImg8bit.png`,
    labels: (split, place) => `${folder}/${split}/aachen/${street(split, place)}_${folder}_labelIds.png`,
    encode: (label) => (label === 255 ? 0 : (cityscapesIds[label] as number)),
    outOfRange: { value: 34, line: /: value 34 at pixel \(1, 3\); expected Cityscapes ids, 0 to 33$/ },
    wrongMode: /: a PNG of colors; expected an 8-bit gray PNG of Cityscapes ids, 0 to 33$/,
    extra: {},
  };
};

const ade20kFolder = (split: string) => (split === 'train' ? 'training' : 'validation');

export const kinds: Readonly<Record<string, KindOfDataset>> = {
  folder: {
    kind: 'folder',
    classCount: 3,
    strictSplit: 'val',
    lenientSplit: null,
    options: {},
    image: (split, place) => `images/${split}/sample-${place}.png`,
    labels: (split, place) => `labels/${split}/sample-${place}.png`,
    encode: (label) => label,
    outOfRange: { value: 34, line: /: label 34 at pixel \(1, 3\) is not in the list of 3 classes/ },
    wrongMode: /: color 9,9,9 at pixel \(0, 0\) is not in the list of 3 classes/,
    extra: { 'classes.json': JSON.stringify(threeClasses) },
  },
  'cityscapes fine': cityscapes('fine', 'val'),
  'cityscapes coarse': cityscapes('coarse', 'val'),
  ade20k: {
    kind: 'ade20k',
    classCount: 150,
    strictSplit: 'val',
    lenientSplit: 'train',
    options: {},
    image: (split, place) => `images/${ade20kFolder(split)}/ADE_${split}_0000000${place}.jpg`,
    labels: (split, place) => `annotations/${ade20kFolder(split)}/ADE_${split}_0000000${place}.png`,
    encode: (label) => (label === 255 ? 0 : label + 1),
    outOfRange: { value: 151, line: /: value 151 at pixel \(1, 3\); expected ADE20K .* 1 to 150/ },
    wrongMode: /: a PNG of colors; expected an 8-bit gray PNG of ADE20K/,
    extra: {},
  },
};

/** Returns the class of a pixel of sample `place`: one of three classes, or 255. */
export function labelAt(place: number, pixel: number): number {
  const label = (pixel + place) % 4;
  return label === 3 ? 255 : label;
}

/** Writes `count` samples of a split. Images are PNGs whatever their extension, which readers do not depend on. */
export async function writeSplit(
  root: string,
  { kind, split, count }: { readonly kind: KindOfDataset; readonly split: string; readonly count: number },
): Promise<void> {
  for (const [file, content] of Object.entries(kind.extra)) await put(join(root, file), content);
  for (let place = 0; place < count; place++) {
    const image = png({ ...size, channels: 3, bytes: (at) => (at * 7 + place * 31) % 256 });
    const labels = png({ ...size, channels: 1, bytes: (at) => kind.encode(labelAt(place, at)) });
    await put(join(root, kind.image(split, place)), image);
    await put(join(root, kind.labels(split, place)), labels);
  }
}
