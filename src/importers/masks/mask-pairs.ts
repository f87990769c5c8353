/**
 * Finds which PNGs of a folder are masks and which images they belong to, in whatever folders these lie: `images/a.jpg` and
 * `masks/a.png`, `train/a.jpg` and `train_labels/a_L.png`, `a.png` and `a_mask.png` beside each other.
 */

import { join, posix } from 'node:path';
import {
  findNaming,
  hasImageExtension,
  nameInTree,
  readLabelHeader,
  readLabelSamples,
} from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { ImportSource } from '../importer.js';
import { stemOf } from '../reading.js';

/** Holds the masks of one folder with the folder of their images. */
export interface MaskFolder {
  /** Is the folder of the masks, relative to the root. */
  readonly folder: string;
  /** Is the folder of the images, relative to theirs; null where no folder has images of these names. */
  readonly imageFolder: string | null;
  /** Lists other folders that have images of the same names, as many of them. */
  readonly otherFolders: readonly string[];
  /** Lists the masks with their images: null for one without. */
  readonly pairs: readonly { readonly mask: string; readonly image: string | null }[];
  /** Lists images of that folder without a mask. */
  readonly unpaired: readonly string[];
}

/** Lists names of folders that say what is in them. */
const imageWords = /^(images?|imgs?|photos?|pictures?|rgb|jpegimages|inputs?|frames?|raw)$/i;
const maskWords =
  /^(masks?|labels?|annots?|annotations?|segmentations?|segs?|gts?|ground[ _-]?truths?|targets?|segmentationclass(png)?|semantic|coarse|fine)$/i;
/** Lists what tools and people add to the name of an image for its mask. */
const maskEnds =
  /[._-](masks?|labels?|label_?ids|seg|segmentation|gt|ground_?truth|annotations?|L|semantic)$/i;
/** Counts the files of a folder that are looked into. */
const samples = 4;
/** A picture with more colors is a photograph. */
export const mostColors = 254;

/**
 * Returns the folders of masks of a source.
 *
 * @param images files of another folder in which the images are, relative to it; by default those of the source
 */
export async function findMaskFolders(
  source: ImportSource,
  images: readonly string[] | null,
): Promise<MaskFolder[]> {
  const masks = new Map<string, string[]>();
  const photos = new Map<string, string[]>();
  for (const [folder, files] of byFolder(source.files)) {
    const own = images === null ? await masksOf(files, { root: source.root, folder }) : files.filter(isPng);
    const isMask = new Set(own);
    const rest = files.filter((file) => !isMask.has(file));
    if (own.length > 0) masks.set(folder, own);
    if (rest.length > 0 && images === null) photos.set(folder, rest);
  }
  for (const [folder, files] of byFolder(images ?? [])) photos.set(folder, files);
  const index = new PhotoIndex(photos);
  return [...masks].map(([folder, files]) => pairFolder(folder, { files, photos, index }));
}

/** Returns the images of each folder. */
function byFolder(files: readonly string[]): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const file of files.filter(hasImageExtension)) {
    const folder = posix.dirname(file);
    const list = folders.get(folder);
    if (list === undefined) folders.set(folder, [file]);
    else list.push(file);
  }
  return folders;
}

function isPng(file: string): boolean {
  return posix.extname(file).toLowerCase() === '.png';
}

/** Returns the files of one folder that are masks. */
async function masksOf(
  files: readonly string[],
  { root, folder }: { readonly root: string; readonly folder: string },
): Promise<string[]> {
  const pngs = files.filter(isPng);
  if (pngs.length === 0) return [];
  const stems = new Set(files.map(stemOf));
  const ended = pngs.filter((file) => {
    const stem = stemOf(file);
    return maskEnds.test(stem) && stems.has(stem.replace(maskEnds, ''));
  });
  if (ended.length > 0) return ended;
  // The words of a path from the inside out: the masks of `images/masks` are masks.
  const words = folder.split('/').reverse();
  const word = words.find((name) => imageWords.test(name) || maskWords.test(name));
  if (word !== undefined) return maskWords.test(word) ? pngs : [];
  const step = Math.max(1, Math.floor(pngs.length / samples));
  const looked = pngs.filter((_, index) => index % step === 0).slice(0, samples);
  const kinds = await Promise.all(looked.map((file) => looksLikeMask(join(root, file))));
  return kinds.every((isMask) => isMask) ? pngs : [];
}

/** Returns whether a PNG has few values, or few colors. */
async function looksLikeMask(path: string): Promise<boolean> {
  try {
    const { color } = await readLabelHeader(path);
    if (color === 'palette') return true;
    const { samples: values, channels, inColor } = await readLabelSamples(path);
    const found = new Set<number>();
    for (let at = 0; at < values.length && found.size <= mostColors; at += channels) {
      const value = values[at] as number;
      found.add(
        inColor ? (value << 16) | ((values[at + 1] as number) << 8) | (values[at + 2] as number) : value,
      );
    }
    // Gray photographs have most of the 256 shades.
    return found.size <= (inColor ? mostColors : 64);
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}

/** Finds images by the stem of their name. */
class PhotoIndex {
  readonly #byStem = new Map<string, string[]>();

  constructor(photos: ReadonlyMap<string, readonly string[]>) {
    for (const files of photos.values()) {
      for (const file of files) {
        const stem = nameOf(file);
        const others = this.#byStem.get(stem);
        if (others === undefined) this.#byStem.set(stem, [file]);
        else others.push(file);
      }
    }
  }

  withStem(stem: string): readonly string[] {
    return this.#byStem.get(stem) ?? [];
  }
}

/** Returns the name of a file without folder and extension, in composed letters. */
function nameOf(file: string): string {
  return stemOf(posix.basename(file)).normalize('NFC');
}

function pairFolder(
  folder: string,
  {
    files,
    photos,
    index,
  }: {
    readonly files: readonly string[];
    readonly photos: ReadonlyMap<string, readonly string[]>;
    readonly index: PhotoIndex;
  },
): MaskFolder {
  const plain = (file: string): string => nameOf(file);
  const shortened = (file: string): string => nameOf(file).replace(maskEnds, '');
  for (const stem of [plain, shortened]) {
    const [imageFolder, ...otherFolders] = bestFolders(folder, { files, stem, index });
    if (imageFolder !== undefined) {
      const own = photos.get(imageFolder) ?? [];
      return { ...pairsOf(folder, { imageFolder, files, photos: own, stem }), otherFolders };
    }
  }
  const nearest = [...photos.keys()].sort((a, b) => shared(b, folder) - shared(a, folder));
  for (const imageFolder of nearest) {
    const own = photos.get(imageFolder) ?? [];
    const naming = findNaming(own.map(nameOf), files.map(nameOf));
    if (naming === null) continue;
    const byShared = new Map(own.map((file) => [nameInTree(nameOf(file), naming.images), file] as const));
    const imageOf = (file: string): string => {
      const image = byShared.get(nameInTree(nameOf(file), naming.labels));
      return image === undefined ? '' : nameOf(image);
    };
    return pairsOf(folder, { imageFolder, files, photos: own, stem: imageOf });
  }
  const pairs = files.map((mask) => ({ mask, image: null }));
  return { folder, imageFolder: null, otherFolders: [], pairs, unpaired: [] };
}

/** Returns the folders with the most images of these names, the nearest first; none where no folder has one. */
function bestFolders(
  folder: string,
  {
    files,
    stem,
    index,
  }: {
    readonly files: readonly string[];
    readonly stem: (file: string) => string;
    readonly index: PhotoIndex;
  },
): string[] {
  const counts = new Map<string, number>();
  for (const file of files) {
    for (const photo of index.withStem(stem(file))) {
      const place = posix.dirname(photo);
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
  }
  const most = Math.max(...counts.values());
  const best = [...counts].flatMap(([place, count]) => (count === most ? [place] : []));
  return best.sort((a, b) => shared(b, folder) - shared(a, folder) || (a < b ? -1 : 1));
}

function pairsOf(
  folder: string,
  {
    imageFolder,
    files,
    photos,
    stem,
  }: {
    readonly imageFolder: string;
    readonly files: readonly string[];
    readonly photos: readonly string[];
    readonly stem: (file: string) => string;
  },
): MaskFolder {
  const byStem = new Map(photos.map((file) => [nameOf(file), file] as const));
  const used = new Set<string>();
  const pairs = files.map((mask) => {
    const image = byStem.get(stem(mask)) ?? null;
    if (image !== null) used.add(image);
    return { mask, image };
  });
  return { folder, imageFolder, otherFolders: [], pairs, unpaired: photos.filter((file) => !used.has(file)) };
}

/** Counts the folders that two paths have in common, whatever their order: `images/train` and `masks/train` one. */
function shared(a: string, b: string): number {
  const others = new Set(b.split('/'));
  return a.split('/').filter((part) => part !== '.' && others.has(part)).length;
}
