/** Imports plain masks: PNGs of values, palette indices or colors, in any folders, beside images of the same names. */

import { join } from 'node:path';
import type { Size } from '../../data/index.js';
import { hasImageExtension, type LabelSamples, readLabelSamples, shownColor } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage, RasterLabels } from '../annotations.js';
import type { Importer, ImportSource, OpenedSource, ReadOptions } from '../importer.js';
import { firstChannel } from '../label-images/first-channel.js';
import { alphaOf, withoutTransparent } from '../label-images/transparent-pixels.js';
import { reportUnreadMask, unreadMasksText } from '../label-images/unread-mask.js';
import { listSource } from '../list-source.js';
import { imagesOf, type Pass, type Report, reportTo, unlessDamaged } from '../reading.js';
import { splitOfFolders } from '../split-names.js';
import { classListBeside, findClassList } from './class-list-file.js';
import { colorKey, type MaskMeaning, type Meaning, meaningOf, readContent } from './mask-meaning.js';
import { findMaskFolders, type MaskFolder } from './mask-pairs.js';

/** Reads masks that any tool can write. */
export const masks: Importer = {
  format: 'masks',
  title: 'plain masks',
  looksFor: 'PNGs of few values or colors, with images of the same names',
  general: true,
  recognize: async (source) => {
    const found = await findMaskFolders(source, null);
    const pairs = found.flatMap((folder) => folder.pairs);
    const first = pairs.find(({ image }) => image !== null);
    if (first !== undefined) return `${first.mask} for ${first.image}`;
    // Opening says why they cannot be read.
    const [unread] = found.flatMap((folder) => folder.unread);
    if (unread !== undefined) return `${unread.mask} for ${unread.image}`;
    // Masks alone belong to images that a person names.
    const alone = pairs.length > 0 && pairs.length === source.files.filter(hasImageExtension).length;
    return alone ? `${pairs[0]?.mask} and others like it, without images` : null;
  },
  open: openMasks,
};

async function openMasks(source: ImportSource, options: ReadOptions): Promise<OpenedSource> {
  const images = options.images === null ? null : await listSource(options.images, options);
  const imageRoot = options.images ?? source.root;
  const report = reportTo(options.onFinding);
  const found = await findMaskFolders(source, images);
  const folders = usable(found, source);
  for (const { mask } of found.flatMap(({ unread }) => unread)) reportUnreadMask(mask, { report });
  for (const { folder, imageFolder, otherFolders } of folders) {
    for (const other of otherFolders) {
      const example = `${folder}: images of ${imageFolder}, not of ${other}`;
      report(
        'several-image-folders',
        'images of the same names lie in several folders, and the nearest is taken',
        example,
      );
    }
  }
  const files = folders.flatMap(({ pairs }) => pairs.map(({ mask }) => join(source.root, mask)));
  // Damaged masks are reported where their images are given.
  const content = await readContent(files, { onDamaged: () => {} });
  const list =
    (await findClassList(source.root, source.files)) ??
    (await classListBeside([join(source.root, '..'), imageRoot, join(imageRoot, '..')]));
  if (list !== null)
    report('class-list', 'the values or colors of the masks are named by a list of classes', list.file);
  const meaning = meaningOf(content, { list, report, place: files[0] ?? source.path });
  return {
    classes: meaning.classes,
    count: folders.reduce((sum, { pairs, unpaired }) => sum + pairs.length + unpaired.length, 0),
    images: imagesOf(options, (pass) =>
      readFolders(folders, { root: source.root, imageRoot, meaning, pass }),
    ),
  };
}

/** Returns the folders of masks that have images, unless an image has masks in several. */
function usable(found: readonly MaskFolder[], source: ImportSource): MaskFolder[] {
  const paired = found.filter(({ pairs }) => pairs.some(({ image }) => image !== null));
  if (paired.length === 0) {
    const [unread] = found.flatMap((folder) => folder.unread);
    if (unread !== undefined) throw new DataError(`${source.path}: ${unreadMasksText(unread.mask)}`);
    throw new DataError(
      found.length === 0
        ? `${source.path}: no masks in it; expected PNGs of few values or colors`
        : `${source.path}: there are masks in ${found[0]?.folder}, but no images of the same names; name their folder with --images`,
    );
  }
  const folderOf = new Map<string, string>();
  for (const { folder, pairs } of paired) {
    for (const { image } of pairs) {
      const other = image === null ? undefined : folderOf.get(image);
      if (image !== null && other !== undefined && other !== folder) {
        const [one, two] = [join(source.root, other), join(source.root, folder)];
        throw new DataError(
          `${source.path}: ${image} has masks in ${one} and in ${two}; import one of the folders, with --images ${source.root}`,
        );
      }
      if (image !== null) folderOf.set(image, folder);
    }
  }
  return paired;
}

interface Reading {
  readonly root: string;
  readonly imageRoot: string;
  readonly meaning: MaskMeaning;
  readonly pass: Pass;
}

async function* readFolders(
  folders: readonly MaskFolder[],
  reading: Reading,
): AsyncGenerator<AnnotatedImage> {
  const { root, imageRoot, meaning, pass } = reading;
  for (const { pairs, unpaired } of folders) {
    for (const { mask, image } of pairs) {
      const source = join(root, mask);
      const read = await unlessDamaged(async () => {
        const stored = await readLabelSamples(source);
        if (stored.inColor && meaning.colorProblem !== null) {
          throw new DataError(`${source}: ${meaning.colorProblem}`);
        }
        const drawn = rasterOf(stored, { meaning, report: pass.report, source });
        const raster = withoutTransparent(drawn, { stored, source, report: pass.report });
        return {
          fileName: image ?? mask,
          path: image === null ? null : join(imageRoot, image),
          size: { width: raster.width, height: raster.height },
          split: splitOfFolders(mask) ?? (image === null ? null : splitOfFolders(image)),
          annotations: [],
          raster,
          source,
        };
      }, pass);
      if (read !== null) yield read;
    }
    for (const image of unpaired) {
      const path = join(imageRoot, image);
      yield {
        fileName: image,
        path,
        size: null,
        split: splitOfFolders(image),
        annotations: [],
        source: path,
      };
    }
  }
}

function rasterOf(
  stored: LabelSamples,
  {
    meaning,
    report,
    source,
  }: { readonly meaning: MaskMeaning; readonly report: Report; readonly source: string },
): RasterLabels {
  const { samples, channels, inColor, palette } = stored;
  const { width, height } = stored.header;
  const pixels = width * height;
  if (!inColor) {
    const values = firstChannel(samples, { channels, pixels });
    const meanings = Array.from({ length: 256 }, (_, value) =>
      meaning.byColor && palette !== null
        ? meaning.colors.get(colorKey(shownColor(stored, value)))
        : meaning.values.get(value),
    );
    return withNames(values, { size: { width, height }, meanings });
  }
  const places = new Map<number, number>();
  const meanings: (Meaning | undefined)[] = [];
  const values = new Uint8Array(pixels);
  const alpha = alphaOf(stored);
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += channels) {
    if (alpha?.at(pixel) === 0) continue;
    const key = colorKey(samples.subarray(at, at + 3));
    let place = places.get(key);
    if (place === undefined) {
      place = places.size;
      places.set(key, place);
      const found = meaning.colors.get(key);
      if (found === undefined) {
        report(
          'unknown-color',
          'a color that no class has; its pixels are ignored',
          `${source}: ${samples.subarray(at, at + 3).join(',')}`,
        );
      }
      meanings.push(found ?? 'ignored');
    }
    values[pixel] = place;
  }
  return withNames(values, { size: { width, height }, meanings });
}

/** Returns values with the names that they stand for; of several values that are not labeled the first stands for all. */
function withNames(
  values: Uint8Array,
  { size, meanings }: { readonly size: Size; readonly meanings: readonly (Meaning | undefined)[] },
): RasterLabels {
  const names = meanings.map((meaning) =>
    meaning === undefined ? undefined : typeof meaning === 'string' ? null : meaning.name,
  );
  const first = meanings.indexOf('unlabeled');
  if (first < 0) return { ...size, values, names };
  const others = meanings.some((meaning, value) => meaning === 'unlabeled' && value !== first);
  const joined = others ? values.map((value) => (meanings[value] === 'unlabeled' ? first : value)) : values;
  return { ...size, values: joined, names, unlabeledValue: first };
}
