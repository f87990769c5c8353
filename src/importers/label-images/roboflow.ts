/** Imports Roboflow's semantic segmentation masks: `NAME_mask.png` beside `NAME.jpg`, and the classes in `_classes.csv`. */

import { join, posix } from 'node:path';
import { hasImageExtension, readLabelSamples } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage, ListedClass, RasterLabels } from '../annotations.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource, OpenedSource, ReadOptions } from '../importer.js';
import { readBoundedText } from '../json-file.js';
import {
  backgroundMessage,
  imagesOf,
  isBackgroundName,
  type Pass,
  reportTo,
  stemOf,
  unlessDamaged,
} from '../reading.js';
import { splitOfFolders } from '../split-names.js';
import { firstChannel } from './first-channel.js';
import { withoutTransparent } from './transparent-pixels.js';
import { reportUnreadMask } from './unread-mask.js';

const classFile = '_classes.csv';
const maskEnd = '_mask.png';

function isMask(file: string): boolean {
  return file.toLowerCase().endsWith(maskEnd);
}

/** Reads Roboflow's semantic segmentation masks. */
export const roboflow: Importer = {
  format: 'roboflow-masks',
  title: 'Roboflow semantic segmentation masks',
  looksFor: `a ${classFile} of "Pixel Value, Class" beside NAME${maskEnd} files`,
  recognize: async ({ root, files }) => {
    const list = files.find((file) => posix.basename(file) === classFile);
    if (list === undefined || !files.some(isMask)) return null;
    const text = await readBoundedText(join(root, list), { bytes: 1 << 20 });
    return /^\s*pixel value\s*,/i.test(text) ? `${list} and files NAME${maskEnd}` : null;
  },
  open: (source, options) => openRoboflow(source, options),
};

/** Holds the classes of the masks in one folder. */
interface ClassFolder {
  readonly folder: string;
  readonly names: readonly (string | undefined)[];
  readonly unlabeledValue: number | undefined;
}

async function openRoboflow(source: ImportSource, options: ReadOptions): Promise<OpenedSource> {
  const folders: ClassFolder[] = [];
  const report = reportTo(options.onFinding);
  for (const file of source.files.filter((name) => posix.basename(name) === classFile)) {
    const names = await readClassFile(join(source.root, file));
    const background = names.findIndex((name) => name !== undefined && isBackgroundName(name));
    // Roboflow writes 0 for what nobody drew, and lists it like a class.
    const isUnlabeled = background === 0;
    if (isUnlabeled) report('background', backgroundMessage, `${file}: 0, ${names[0]}`);
    // What is not labeled has no class.
    if (isUnlabeled) names[0] = undefined;
    folders.push({ folder: posix.dirname(file), names, unlabeledValue: isUnlabeled ? 0 : undefined });
  }
  if (folders.length === 0) {
    throw new DataError(`${source.path}: no ${classFile}, which names the classes; export the masks again`);
  }
  const classes = new Set<string>();
  for (const { names } of folders) {
    for (const name of names) if (name !== undefined) classes.add(name);
  }
  const masks = source.files.filter(isMask);
  const unread = unreadMasks(source.files, masks);
  for (const mask of unread.values()) reportUnreadMask(mask, { report });
  const leftOut = new Set(unread.values());
  const images = source.files.filter(
    (file) => hasImageExtension(file) && !isMask(file) && !leftOut.has(file) && !unread.has(stemOf(file)),
  );
  return {
    classes: [...classes].map((name): ListedClass => ({ name })),
    count: null,
    images: imagesOf(options, (pass) => readMasks(source, { folders, images, masks, pass })),
  };
}

/**
 * Returns the name of each pixel value that a `_classes.csv` lists.
 *
 * @throws {DataError} naming the file and line when it says something else
 */
async function readClassFile(path: string): Promise<(string | undefined)[]> {
  const names: (string | undefined)[] = [];
  const [, ...lines] = (await readBoundedText(path)).split(/\r\n|\r|\n/);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const [, digits = '', name = ''] = /^\s*"?(\d{1,3})"?\s*,\s*"?(.*?)"?\s*$/.exec(line) ?? [];
    const value = Number(digits);
    if (digits === '' || value > 255 || name === '') {
      throw new DataError(
        `${path}: line ${index + 2}: '${line.trim()}' is no "Pixel Value, Class", such as 1, car`,
      );
    }
    names[value] = name;
  }
  if (names.length === 0) throw new DataError(`${path}: lists no class`);
  // A value that is not listed is undefined, and not a hole of the list.
  return Array.from(names);
}

/** Returns the masks that are no PNGs, such as a.jpg's a_mask.jpg, by the path of their image without extension. */
function unreadMasks(files: readonly string[], masks: readonly string[]): Map<string, string> {
  const stems = new Set(files.filter(hasImageExtension).map(stemOf));
  const masked = new Set(masks.map((mask) => mask.slice(0, -maskEnd.length)));
  return new Map(
    files.flatMap((file): [string, string][] => {
      const stem = stemOf(file);
      const image = stem.replace(/_mask$/i, '');
      const isUnread = hasImageExtension(file) && !isMask(file) && image !== stem && stems.has(image);
      return isUnread && !masked.has(stem) && !masked.has(image) ? [[image, file]] : [];
    }),
  );
}

async function* readMasks(
  source: ImportSource,
  {
    folders,
    images,
    masks,
    pass,
  }: {
    readonly folders: readonly ClassFolder[];
    readonly images: readonly string[];
    readonly masks: readonly string[];
    readonly pass: Pass;
  },
): AsyncGenerator<AnnotatedImage> {
  const { root } = source;
  const finder = await ImageFinder.create(source, pass);
  const maskOf = new Map(masks.map((mask) => [mask.slice(0, -maskEnd.length), mask]));
  for (const image of images) {
    const mask = maskOf.get(stemOf(image));
    if (mask !== undefined) {
      maskOf.delete(stemOf(image));
      const read = await unlessDamaged(
        () => readMask({ root, mask, folders, pass }, { path: join(root, image), fileName: image }),
        pass,
      );
      if (read !== null) yield read;
      continue;
    }
    const given = { fileName: image, path: join(root, image), size: null, annotations: [] };
    yield { ...given, split: splitOfFolders(image), source: join(root, image) };
  }
  for (const mask of maskOf.values()) {
    const found = imageElsewhere(mask, finder);
    const read = await unlessDamaged(() => readMask({ root, mask, folders, pass }, found), pass);
    if (read !== null) yield read;
  }
}

/** Finds the image of a mask in the folder of images that a person names. */
function imageElsewhere(mask: string, finder: ImageFinder): Pick<AnnotatedImage, 'path' | 'fileName'> {
  const stem = mask.slice(0, -maskEnd.length);
  const path = finder.find(posix.basename(stem), { from: mask, folders: [] });
  return { path, fileName: path === null ? stem : posix.basename(path) };
}

async function readMask(
  {
    root,
    mask,
    folders,
    pass,
  }: {
    readonly root: string;
    readonly mask: string;
    readonly folders: readonly ClassFolder[];
    readonly pass: Pass;
  },
  image: Pick<AnnotatedImage, 'path' | 'fileName'>,
): Promise<AnnotatedImage> {
  const path = join(root, mask);
  const stored = await readLabelSamples(path);
  if (stored.inColor) {
    throw new DataError(
      `${path}: a PNG of colors; Roboflow's masks are gray, with the values of ${classFile}`,
    );
  }
  const { width, height } = stored.header;
  const values = firstChannel(stored.samples, { channels: stored.channels, pixels: width * height });
  const { names, unlabeledValue } = classesFor(mask, { folders, path });
  const drawn: RasterLabels = {
    width,
    height,
    values,
    names,
    ...(unlabeledValue === undefined ? {} : { unlabeledValue }),
  };
  return {
    ...image,
    size: { width, height },
    split: splitOfFolders(mask),
    annotations: [],
    raster: withoutTransparent(drawn, { stored, source: mask, report: pass.report }),
    source: path,
  };
}

/** Returns the classes of the folder that a mask is in, or of the nearest above. */
function classesFor(
  mask: string,
  { folders, path }: { readonly folders: readonly ClassFolder[]; readonly path: string },
): ClassFolder {
  const [nearest] = folders
    .filter(({ folder }) => folder === '.' || mask.startsWith(`${folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length);
  if (nearest === undefined)
    throw new DataError(`${path}: no ${classFile} beside it, which names its classes`);
  return nearest;
}
