/** Finds what images and label files add to the name that they share: `a.jpg` and `a_mask.png`, `img1.jpg` and `seg1.png`. */

import { type FileNaming, nameInTree, plainNaming } from './file-tree.js';

/** Holds the naming of images and of label files. */
export interface PairNaming {
  readonly images: FileNaming;
  readonly labels: FileNaming;
}

/** Limits the images that the first label file is compared with. */
const comparedImages = 5000;

/**
 * Returns a naming under which every label file has its image; null when names match as they are in part, and when there is
 * none. Where an image has several label files, as `a_mask.png` and `a_color.png`, a person has to choose.
 */
export function findNaming(images: readonly string[], labels: readonly string[]): PairNaming | null {
  const known = new Set(images);
  const first = labels[0];
  if (first === undefined || images.length === 0 || labels.some((name) => known.has(name))) return null;
  const nearest = images.slice(0, comparedImages);
  return (
    namings(first, nearest).find((naming) => {
      const named = new Set(
        images.map((name) => nameInTree(name, naming.images)).filter((name) => name !== null),
      );
      if (named.size === 0) return false;
      const renamed = labels.map((name) => nameInTree(name, naming.labels)).filter((name) => name !== null);
      const found = new Set(renamed.filter((name) => named.has(name)));
      return found.size === labels.length;
    }) ?? null
  );
}

/** Returns the options of the `folder` dataset that state a naming, without those that keep their default. */
export function namingOptions({ images, labels }: PairNaming): Record<string, string> {
  const all = {
    imagePrefix: images.prefix,
    imageSuffix: images.suffix,
    labelPrefix: labels.prefix,
    labelSuffix: labels.suffix,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/** Returns the candidates, those with the longest common name first. */
function namings(label: string, images: readonly string[]): PairNaming[] {
  const labelStem = stemOf(label);
  const found: { readonly length: number; readonly naming: PairNaming }[] = [];
  for (const image of images) {
    const imageStem = stemOf(image);
    const within = labelStem.indexOf(imageStem);
    if (within >= 0) {
      const labels = around(labelStem, within, imageStem.length);
      found.push({ length: imageStem.length, naming: { images: plainNaming, labels } });
    }
    const inImage = imageStem.indexOf(labelStem);
    if (inImage >= 0) {
      const naming = { images: around(imageStem, inImage, labelStem.length), labels: plainNaming };
      found.push({ length: labelStem.length, naming });
    }
    const start = atSeparator(commonStart(imageStem, labelStem));
    if (start > 0) {
      const naming = { images: around(imageStem, 0, start), labels: around(labelStem, 0, start) };
      found.push({ length: start, naming });
    }
    const end = fromSeparator(imageStem, commonEnd(imageStem, labelStem));
    if (end > 0) {
      const naming = {
        images: around(imageStem, imageStem.length - end, end),
        labels: around(labelStem, labelStem.length - end, end),
      };
      found.push({ length: end, naming });
    }
  }
  const distinct = new Map(
    found.sort((a, b) => b.length - a.length).map(({ naming }) => [JSON.stringify(naming), naming]),
  );
  return [...distinct.values()].slice(0, 50);
}

/** Returns what surrounds a part of a stem. */
function around(stem: string, start: number, length: number): FileNaming {
  return { prefix: stem.slice(0, start), suffix: stem.slice(start + length) };
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
  return a.slice(0, length);
}

function commonEnd(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}

/** Returns the length up to the last separator, as `1_img` and `1_ids` have `1` in common and not `1_i`. */
function atSeparator(common: string): number {
  const place = common.search(/[_\-. ][^_\-. ]*$/);
  return place > 0 ? place : common.length;
}

/** Returns the length behind the first separator, as `img_1` and `seg_1` have `1` in common and not `g_1`. */
function fromSeparator(stem: string, length: number): number {
  const place = stem.slice(stem.length - length).search(/[_\-. ]/);
  return place >= 0 && place < length - 1 ? length - place - 1 : length;
}

function stemOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
