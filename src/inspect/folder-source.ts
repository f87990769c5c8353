/** Inspects a dataset in plain folders file by file, so that each problem is reported with its file. */

import { join, relative } from 'node:path';
import type { Size } from '../data/index.js';
import { checkDataset, readClassList, readImage } from '../data/index.js';
import type { PngHeader } from '../data/internal.js';
import { reachesEnd, readImageSize, readLabelHeader, readLabelSamples } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import type { Finding } from './dataset-inspection.js';
import { type ListedSplit, listFolder } from './folder-listing.js';
import type {
  DecodedLabels,
  FileProblem,
  InspectionSource,
  SampleInspection,
  SourceSplit,
} from './source.js';

/** Opens a folder for inspection. Returns null when it has no images in the expected place. */
export async function openFolderSource(root: string): Promise<InspectionSource | null> {
  const listing = await listFolder(root);
  if (listing === null) return null;
  const file = join(root, 'classes.json');
  const classes = await readClassList(file).catch((error: unknown) => classesFinding(error, file));
  const classList = 'code' in classes ? null : classes;
  return {
    root,
    kind: 'folder',
    classList,
    splits: listing.splits.map((split) => new FolderSplit(root, split)),
    labelSets: listing.labelSets,
    findings: 'code' in classes ? [classes, ...listing.findings] : listing.findings,
    notes: [],
    check: async (part) => (await checkDataset({ kind: 'folder', root, ...part })).problems,
  };
}

function classesFinding(error: unknown, file: string): Finding {
  if (!(error instanceof DataError)) throw error;
  const missing = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  const form = '{ "classes": [{ "name": "road" }, { "name": "car" }] }';
  return {
    code: missing ? 'no-classes' : 'classes',
    split: null,
    labels: null,
    message: missing ? 'there is no classes.json' : error.message.replace(`${file}: `, 'classes.json: '),
    remedy: missing
      ? `list the classes in the order of their values: ${form}`
      : `correct it; its form, with the classes in the order of their values: ${form}`,
    count: 0,
    examples: [],
  };
}

class FolderSplit implements SourceSplit {
  readonly #root: string;
  readonly #split: ListedSplit;

  constructor(root: string, split: ListedSplit) {
    this.#root = root;
    this.#split = split;
  }

  get name(): string {
    return this.#split.name;
  }

  get images(): readonly string[] {
    return [...this.#split.images.keys()];
  }

  get labels(): SourceSplit['labels'] {
    const { images, labels } = this.#split;
    return new Map(
      [...labels].map(([set, files]) => {
        const samples = new Set([...files.keys()].filter((stem) => images.has(stem)));
        return [set, { files: files.size, samples }];
      }),
    );
  }

  async inspect(name: string, { decode }: { readonly decode: boolean }): Promise<SampleInspection> {
    const problems: FileProblem[] = [];
    const labels = new Map<string, DecodedLabels>();
    const imageFile = this.#split.images.get(name) as string;
    const imageSize = await this.#image(imageFile, { decode }).catch(
      noteIn(problems, { code: 'unreadable-image', labels: null, path: imageFile }),
    );
    for (const [set, files] of this.#split.labels) {
      const path = files.get(name);
      if (path === undefined) continue;
      const found = await this.#labels(path, { decode }).catch(
        noteIn(problems, { code: 'unreadable-labels', labels: set, path }),
      );
      const size = found !== null && 'size' in found ? found.size : found;
      if (size !== null && imageSize !== null && !sameSize(size, imageSize)) {
        const reason = `${size.width}×${size.height}, image ${imageSize.width}×${imageSize.height}`;
        problems.push({ code: 'wrong-size', labels: set, path, reason });
      } else if (found !== null && 'size' in found && decode) labels.set(set, found);
    }
    return { imageSize, labels, problems };
  }

  async #image(file: string, { decode }: { readonly decode: boolean }): Promise<Size> {
    const path = join(this.#root, file);
    // A file without its end marker may still be sound, which only decoding tells.
    const { width, height } = await (decode || !(await reachesEnd(path))
      ? readImage(path)
      : readImageSize(path));
    return { width, height };
  }

  async #labels(file: string, { decode }: { readonly decode: boolean }): Promise<DecodedLabels | Size> {
    const path = join(this.#root, file);
    if (!decode && (await reachesEnd(path))) return readLabelHeader(path);
    const { header, ...content } = await readLabelSamples(path, { withPalette: true });
    const size = { width: header.width, height: header.height };
    return { ...content, size, path: relative(this.#root, path), form: formOf(header) };
  }
}

function noteIn(problems: FileProblem[], problem: Omit<FileProblem, 'reason'>): (error: unknown) => null {
  return (error) => {
    if (!(error instanceof DataError)) throw error;
    problems.push({ ...problem, reason: reasonIn(error.message) });
    return null;
  };
}

/**
 * Returns the reason in an error message: without the path before it and the remedy behind it, which the finding
 * holds.
 */
function reasonIn(message: string): string {
  const text = message.slice(message.indexOf(': ') + 2).replace(/;.*$/s, '');
  return /\((.+)\)$/s.exec(text)?.[1] ?? text;
}

function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

function formOf({ color, depth }: PngHeader): string {
  switch (color) {
    case 'gray':
      return `${depth}-bit gray`;
    case 'gray-alpha':
      return 'gray with alpha';
    case 'palette':
      return 'palette';
    case 'rgb':
      return 'RGB';
    case 'rgb-alpha':
      return 'RGBA';
    default:
      return color satisfies never;
  }
}
