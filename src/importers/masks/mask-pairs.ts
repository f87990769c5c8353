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
import { alphaOf } from '../label-images/transparent-pixels.js';
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
  /** Lists masks that are no PNGs, whose values cannot be read, with their images. */
  readonly unread: readonly { readonly mask: string; readonly image: string }[];
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
 * @param images another folder in which the images are; by default they are in the source
 */
export async function findMaskFolders(
  source: ImportSource,
  images: Pick<ImportSource, 'root' | 'files'> | null,
): Promise<MaskFolder[]> {
  const imageRoot = images?.root ?? source.root;
  const masks = new Map<string, string[]>();
  const rest = new Map<string, string[]>();
  for (const [folder, files] of byFolder(source.files)) {
    const own = images === null ? await masksOf(files, { root: source.root, folder }) : files.filter(isPng);
    const isMask = new Set(own);
    const others = files.filter((file) => !isMask.has(file));
    if (own.length > 0) masks.set(folder, own);
    if (others.length > 0) rest.set(folder, others);
  }
  const photos = images === null ? rest : byFolder(images.files);
  const index = new PhotoIndex(photos);
  const isSame = (mask: string, image: string): boolean => join(source.root, mask) === join(imageRoot, image);
  const paired = [...masks].map(([folder, files]) =>
    pairFolder(folder, { files, rest: rest.get(folder) ?? [], photos, index, isSame }),
  );
  const imageFolders = new Set(paired.map(({ imageFolder }) => imageFolder));
  const alone = [...rest].flatMap(([folder, files]) =>
    masks.has(folder) || (images === null && imageFolders.has(folder))
      ? []
      : foldersWithoutPng(folder, { files, index, isSame }),
  );
  return withoutTaken([...paired, ...alone], { root: source.root, imageRoot });
}

/** Leaves images that have a mask in any folder, and masks that are no PNGs, out of those without a mask. */
function withoutTaken(
  folders: readonly MaskFolder[],
  { root, imageRoot }: { readonly root: string; readonly imageRoot: string },
): MaskFolder[] {
  const withMask = new Set(folders.flatMap(({ pairs }) => pairs.map(({ image }) => image)));
  const unreadOf = ({ unread }: MaskFolder) => unread.filter(({ image }) => !withMask.has(image));
  const taken = new Set<string>();
  for (const folder of folders) {
    for (const { image } of folder.pairs) if (image !== null) taken.add(join(imageRoot, image));
    for (const { mask, image } of unreadOf(folder)) taken.add(join(root, mask)).add(join(imageRoot, image));
  }
  return folders.map((folder) => {
    const unpaired = folder.unpaired.filter((file) => !taken.has(join(imageRoot, file)));
    // Of several folders of masks for one folder of images the first gives those without any.
    for (const file of unpaired) taken.add(join(imageRoot, file));
    return { ...folder, unpaired, unread: unreadOf(folder) };
  });
}

/** Returns a folder of masks of which none is a PNG, by its name or by the endings of its files; none for other folders. */
function foldersWithoutPng(
  folder: string,
  {
    files,
    index,
    isSame,
  }: {
    readonly files: readonly string[];
    readonly index: PhotoIndex;
    readonly isSame: (mask: string, image: string) => boolean;
  },
): MaskFolder[] {
  const candidates = files.filter((file) => !isPng(file));
  const ended = withMaskEnd(candidates, files);
  if (ended.length === 0 && !isNamedForMasks(folder)) return [];
  const unread = (ended.length > 0 ? ended : candidates).flatMap((mask) => {
    const image = [nameOf(mask), nameOf(mask).replace(maskEnds, '')]
      .flatMap((stem) => index.withStem(stem))
      .find((photo) => {
        const place = posix.dirname(photo);
        return !isSame(mask, photo) && (ended.length > 0 ? place === folder : !isNamedForMasks(place));
      });
    return image === undefined ? [] : [{ mask, image }];
  });
  if (unread.length === 0) return [];
  return [{ folder, imageFolder: null, otherFolders: [], pairs: [], unpaired: [], unread }];
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

/** Returns files that are called like another of their folder but for the ending of a mask. */
function withMaskEnd(files: readonly string[], all: readonly string[]): string[] {
  const stems = new Set(all.map(stemOf));
  return files.filter((file) => {
    const stem = stemOf(file);
    return maskEnds.test(stem) && stems.has(stem.replace(maskEnds, ''));
  });
}

/** Returns the word of a path that says what is in it, from the inside out: the masks of `images/masks` are masks. */
function wordOf(folder: string): string | undefined {
  return folder
    .split('/')
    .reverse()
    .find((name) => imageWords.test(name) || maskWords.test(name));
}

function isNamedForMasks(folder: string): boolean {
  return maskWords.test(wordOf(folder) ?? '');
}

/** Returns the files of one folder that are masks. */
async function masksOf(
  files: readonly string[],
  { root, folder }: { readonly root: string; readonly folder: string },
): Promise<string[]> {
  const pngs = files.filter(isPng);
  if (pngs.length === 0) return [];
  const ended = withMaskEnd(pngs, files);
  if (ended.length > 0) return ended;
  const word = wordOf(folder);
  if (word !== undefined) return maskWords.test(word) ? pngs : [];
  const step = Math.max(1, Math.floor(pngs.length / samples));
  const looked = pngs.filter((_, index) => index % step === 0).slice(0, samples);
  const kinds = await Promise.all(looked.map((file) => looksLikeMask(join(root, file))));
  const known = kinds.filter((isMask) => isMask !== null);
  return known.length > 0 && known.every((isMask) => isMask) ? pngs : [];
}

/** Returns whether a PNG has few values, or few colors; null for a damaged one, which says nothing about the others. */
async function looksLikeMask(path: string): Promise<boolean | null> {
  try {
    const { color } = await readLabelHeader(path);
    if (color === 'palette') return true;
    const stored = await readLabelSamples(path);
    const { samples: values, channels, inColor } = stored;
    const alpha = alphaOf(stored);
    const found = new Set<number>();
    for (let at = 0; at < values.length && found.size <= mostColors; at += channels) {
      if (alpha?.at(at / channels) === 0) continue;
      const value = values[at] as number;
      found.add(
        inColor ? (value << 16) | ((values[at + 1] as number) << 8) | (values[at + 2] as number) : value,
      );
    }
    // Gray photographs have most of the 256 shades.
    return found.size <= (inColor ? mostColors : 64);
  } catch (error) {
    if (error instanceof DataError) return null;
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
    rest,
    photos,
    index,
    isSame,
  }: {
    readonly files: readonly string[];
    /** Lists the other files of the folder, which are images, or masks that are no PNGs. */
    readonly rest: readonly string[];
    readonly photos: ReadonlyMap<string, readonly string[]>;
    readonly index: PhotoIndex;
    readonly isSame: (mask: string, image: string) => boolean;
  },
): MaskFolder {
  const others = rest.filter((file) => !isPng(file));
  const plain = (file: string): string => nameOf(file);
  const shortened = (file: string): string => nameOf(file).replace(maskEnds, '');
  for (const stem of [plain, shortened]) {
    const [imageFolder, ...otherFolders] = bestFolders(folder, { files, stem, index });
    if (imageFolder !== undefined) {
      const own = photos.get(imageFolder) ?? [];
      return { ...pairsOf(folder, { imageFolder, files, others, photos: own, stem, isSame }), otherFolders };
    }
  }
  const nearest = [...photos.keys()].sort((a, b) => shared(b, folder) - shared(a, folder));
  for (const imageFolder of nearest) {
    const own = photos.get(imageFolder) ?? [];
    const naming = findNaming(own.map(nameOf), files.map(nameOf));
    if (naming === null) continue;
    const byShared = new Map(own.map((file) => [nameInTree(nameOf(file), naming.images), file] as const));
    const imageOf = (file: string): string => {
      const name = nameInTree(nameOf(file), naming.labels);
      const image = name === null ? undefined : byShared.get(name);
      return image === undefined ? '' : nameOf(image);
    };
    return pairsOf(folder, { imageFolder, files, others, photos: own, stem: imageOf, isSame });
  }
  const pairs = files.map((mask) => ({ mask, image: null }));
  return { folder, imageFolder: null, otherFolders: [], pairs, unpaired: [], unread: [] };
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
    others,
    photos,
    stem,
    isSame,
  }: {
    readonly imageFolder: string;
    readonly files: readonly string[];
    readonly others: readonly string[];
    readonly photos: readonly string[];
    readonly stem: (file: string) => string;
    readonly isSame: (mask: string, image: string) => boolean;
  },
): MaskFolder {
  const byStem = new Map(photos.map((file) => [nameOf(file), file] as const));
  const used = new Set<string>();
  const pairs = files.map((mask) => {
    const image = byStem.get(stem(mask)) ?? null;
    if (image !== null) used.add(image);
    return { mask, image };
  });
  const unread = others.flatMap((mask) => {
    const image = byStem.get(stem(mask));
    return image === undefined || used.has(image) || isSame(mask, image) ? [] : [{ mask, image }];
  });
  const unpaired = photos.filter((file) => !used.has(file));
  return { folder, imageFolder, otherFolders: [], pairs, unpaired, unread };
}

/** Counts the folders that two paths have in common, whatever their order: `images/train` and `masks/train` one. */
function shared(a: string, b: string): number {
  const others = new Set(b.split('/'));
  return a.split('/').filter((part) => part !== '.' && others.has(part)).length;
}
