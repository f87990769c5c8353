/** Imports datasets of YOLO segmentation: images, a text file of shapes for each, and the classes in `data.yaml`. */

import { join, posix } from 'node:path';
import type { Size } from '../../data/index.js';
import { hasImageExtension, readImageHeader } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage, ListedClass } from '../annotations.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource, OpenedSource, ReadOptions } from '../importer.js';
import { readBoundedText } from '../json-file.js';
import { listSource } from '../list-source.js';
import { imagesOf, nearestFiles, type Pass, reportTo, stemOf, unlessDamaged } from '../reading.js';
import { splitOfFolders } from '../split-names.js';
import { isDataFile, readDataFile, readNameList, type YoloDataFile } from './data-file.js';
import { readRows } from './label-rows.js';
import { listedImage, type PlaceContext, placeOf } from './split-places.js';

/** Reads YOLO segmentation datasets. */
export const yolo: Importer = {
  format: 'yolo',
  title: 'YOLO segmentation',
  looksFor: 'data.yaml with "names", or classes.txt, and a .txt file of "class x y x y …" for each image',
  recognize: async (source) => {
    for (const file of nearestFiles(source, isYaml)) {
      if (await isDataFile(join(source.root, file)).catch(() => false)) {
        return `${file} names classes and the folders of images`;
      }
    }
    const [names] = nearestFiles(source, isNameList);
    if (names === undefined) return null;
    const labels = source.files.filter(isLabelFile).slice(0, 20);
    for (const file of labels) {
      const text = await readBoundedText(join(source.root, file)).catch(() => '');
      if (/^\s*\d+(\s+-?[\d.]+(e-?\d+)?){4,}\s*$/im.test(text))
        return `${names} and rows of shapes in ${file}`;
    }
    return null;
  },
  open: async (source, options) => openYolo(await wholeSource(source), options),
};

const nameLists: ReadonlySet<string> = new Set(['classes.txt', 'obj.names']);
const imageLists: ReadonlySet<string> = new Set([
  'train.txt',
  'val.txt',
  'valid.txt',
  'test.txt',
  'notes.txt',
]);

function isYaml(file: string): boolean {
  return /\.ya?ml$/i.test(file);
}

function isNameList(file: string): boolean {
  return nameLists.has(posix.basename(file));
}

function isLabelFile(file: string): boolean {
  const name = posix.basename(file);
  return name.endsWith('.txt') && !nameLists.has(name) && !imageLists.has(name) && !/^readme/i.test(name);
}

async function wholeSource(source: ImportSource): Promise<ImportSource> {
  return source.path === source.root ? source : { ...(await listSource(source.root)), path: source.path };
}

/** Is an image with its file of shapes, by their paths relative to the root. */
interface Sample {
  /** Names the image, without extension where only the file of shapes is there. */
  readonly name: string;
  /** Is null for an image that is not among the files. */
  readonly image: string | null;
  readonly labels: string | null;
  readonly split: string | null;
}

async function openYolo(source: ImportSource, options: ReadOptions): Promise<OpenedSource> {
  const data = await dataFileOf(source);
  const samples = await samplesOf(source, { data, options });
  if (samples.length === 0) {
    throw new DataError(
      `${source.root}: neither images nor .txt files of shapes; expected them in images and labels, or in the folders of ${data.file}`,
    );
  }
  const classes = [...new Set(data.names.values())].map((name): ListedClass => ({ name }));
  return {
    classes,
    count: samples.length,
    images: imagesOf(options, (pass) => readSamples(samples, { source, names: data.names, pass })),
  };
}

async function dataFileOf({ root, path, files }: ImportSource): Promise<YoloDataFile> {
  const given = path === root ? null : posix.basename(path);
  const yaml = nearestFiles({ root, path, files }, (file) =>
    given === null ? isYaml(file) : file === given,
  );
  for (const file of yaml) {
    if (given !== null ? isYaml(file) : await isDataFile(join(root, file))) return readDataFile(root, file);
  }
  const [list] = nearestFiles({ root, path, files }, isNameList);
  if (list === undefined) {
    throw new DataError(
      `${root}: no data.yaml with names, and no classes.txt; one of them names the classes`,
    );
  }
  // The lists of images that darknet's tools write beside the names.
  const here = posix.dirname(list);
  const splits = ['train', 'valid', 'val', 'test']
    .filter((split) => files.includes(posix.join(here, `${split}.txt`)))
    .map((split) => ({ split: split === 'valid' ? 'val' : split, places: [`${split}.txt`] }));
  return { file: list, names: await readNameList(join(root, list)), base: null, splits };
}

async function samplesOf(
  source: ImportSource,
  { data, options }: { readonly data: YoloDataFile; readonly options: ReadOptions },
): Promise<Sample[]> {
  const collector = new SampleCollector(source);
  const report = reportTo(options.onFinding);
  const context: PlaceContext = {
    here: posix.dirname(data.file),
    base: data.base,
    exists: (path) => collector.has(path),
  };
  for (const { split, places } of data.splits) {
    for (const written of places) {
      const place = placeOf(written, context);
      if (place === null) {
        report(
          'missing-split',
          'a folder or list that data.yaml names is not there',
          `${data.file}: ${split}: ${written}`,
        );
      } else if (place.endsWith('.txt')) {
        await collector.addList(place, { split, context });
      } else {
        const repeated = collector.addFolder(place, split);
        if (repeated > 0) {
          const message =
            'images that data.yaml gives to two splits stay in the first; import with --split to divide them anew';
          report('repeated-split', message, `${data.file}: ${split}: ${written} (${repeated} images)`);
        }
      }
    }
  }
  if (collector.samples.length === 0) collector.addEverything();
  return collector.samples;
}

/** Collects images and their files of shapes. */
class SampleCollector {
  readonly samples: Sample[] = [];
  readonly #root: string;
  readonly #files: readonly string[];
  /** Maps composed paths of files, and of folders, to those of the file system. */
  readonly #known: ReadonlyMap<string, string>;
  readonly #used = new Set<string>();

  constructor({ root, files }: ImportSource) {
    this.#root = root;
    this.#files = files;
    const known = new Map<string, string>();
    for (const file of files) {
      known.set(file.normalize('NFC'), file);
      for (let at = file.indexOf('/'); at !== -1; at = file.indexOf('/', at + 1)) {
        known.set(file.slice(0, at).normalize('NFC'), file.slice(0, at));
      }
    }
    this.#known = known;
  }

  has(path: string): boolean {
    return path === '.' || this.#known.has(path);
  }

  /** Adds the images of a folder, and files of shapes whose image is elsewhere. Returns how many images had a split before. */
  addFolder(folder: string, split: string): number {
    const labels = labelFolder(folder);
    let repeated = 0;
    for (const file of this.#below(folder)) {
      if (!hasImageExtension(file)) continue;
      if (this.#used.has(file)) repeated++;
      else this.#addImage(file, split);
    }
    for (const file of this.#below(labels)) {
      if (isLabelFile(file) && !this.#used.has(file)) this.#addLabels(file, split);
    }
    return repeated;
  }

  async addList(
    list: string,
    { split, context }: { readonly split: string; readonly context: PlaceContext },
  ): Promise<void> {
    const text = await readBoundedText(join(this.#root, this.#known.get(list) ?? list));
    for (const line of text.split(/\r\n|\r|\n/).map((entry) => entry.trim())) {
      if (line === '') continue;
      const found = listedImage(line, { ...context, here: posix.dirname(list) });
      const image = found === null ? null : (this.#known.get(found) ?? null);
      if (image === null) this.#addMissing(line, split);
      else if (!this.#used.has(image)) this.#addImage(image, split);
    }
  }

  /** Adds every image; a folder named `train` or `val` says its split. */
  addEverything(): void {
    for (const file of this.#files) {
      if (hasImageExtension(file)) this.#addImage(file, splitOfFolders(file));
    }
    for (const file of this.#files) {
      if (isLabelFile(file) && !this.#used.has(file)) this.#addLabels(file, splitOfFolders(file));
    }
  }

  #below(folder: string): readonly string[] {
    if (folder === '.') return this.#files;
    const start = `${this.#known.get(folder) ?? folder}/`;
    return this.#files.filter((file) => file.startsWith(start));
  }

  #addImage(image: string, split: string | null): void {
    const labels = this.#labelsOf(image);
    this.#used.add(image);
    if (labels !== null) this.#used.add(labels);
    this.samples.push({ name: image, image, labels, split });
  }

  #addLabels(labels: string, split: string | null): void {
    this.#used.add(labels);
    this.samples.push({ name: swapped(stemOf(labels), 'labels', 'images'), image: null, labels, split });
  }

  /** Adds an image that a list names and that is not among the files: it may be in the folder of images. */
  #addMissing(line: string, split: string): void {
    const path = line.replaceAll('\\', '/');
    const labels = this.#labelsOf(posix.normalize(path.replace(/^\/+/, '')));
    if (labels !== null) this.#used.add(labels);
    this.samples.push({ name: path, image: null, labels, split });
  }

  /** Returns the file of shapes of an image: in `labels` where the image is in `images`, or beside it. */
  #labelsOf(image: string): string | null {
    const stem = stemOf(image).normalize('NFC');
    for (const candidate of [swapped(stem, 'images', 'labels'), stem]) {
      const file = this.#known.get(`${candidate}.txt`);
      if (file !== undefined && isLabelFile(file)) return file;
    }
    return null;
  }
}

/** Returns a path with its last folder of one name replaced by another. */
function swapped(path: string, from: string, to: string): string {
  const parts = path.split('/');
  const at = parts.lastIndexOf(from, -2);
  return at === -1 ? path : parts.with(at, to).join('/');
}

function labelFolder(folder: string): string {
  const parts = folder.split('/');
  const at = parts.lastIndexOf('images');
  return at === -1 ? folder : parts.with(at, 'labels').join('/');
}

async function* readSamples(
  samples: readonly Sample[],
  {
    source,
    names,
    pass,
  }: { readonly source: ImportSource; readonly names: ReadonlyMap<number, string>; readonly pass: Pass },
): AsyncGenerator<AnnotatedImage> {
  const { root } = source;
  const finder = await ImageFinder.create(source, pass);
  for (const { name, image, labels, split } of samples) {
    const file = join(root, labels ?? name);
    const path =
      image === null
        ? finder.find(posix.basename(name), { from: labels ?? name, folders: foldersOf(name) })
        : join(root, image);
    // Shares become pixels by the size of the upright image, on which YOLO's tools draw too.
    const size = path === null ? null : await sizeOf(path);
    const fileName = image === null && path !== null ? posix.basename(path) : name;
    const given = { fileName, path, size, split, source: file };
    if (labels === null || size === null) {
      yield { ...given, annotations: [] };
      continue;
    }
    const text = await unlessDamaged(() => readBoundedText(join(root, labels)), pass);
    if (text === null) continue;
    const annotations = readRows(text, {
      ...size,
      names,
      report: (code, message, place) => pass.report(code, message, `${labels}: ${place}`),
    });
    yield { ...given, annotations };
  }
}

/** Lists the folder of an image, and what of it remains below `images`: a folder of images may hold the splits alone. */
function foldersOf(name: string): string[] {
  const parts = posix.dirname(name).split('/');
  const below = parts.slice(parts.lastIndexOf('images') + 1);
  return below.length === 0 ? [parts.join('/')] : [parts.join('/'), below.join('/')];
}

/** Returns null for an image that cannot be read, which whoever opens it will say. */
async function sizeOf(path: string): Promise<Size | null> {
  try {
    const { width, height } = await readImageHeader(path);
    return { width, height };
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}
