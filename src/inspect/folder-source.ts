/** Inspects a dataset in plain folders file by file, so that each problem is reported with its file. */

import { join, relative } from 'node:path';
import type { z } from 'zod';
import type { ClassList, ImageReading, Size } from '../data/index.js';
import { checkDataset, datasets, ignoreIndex, readClassList } from '../data/index.js';
import type { LabelEncoding, LabelSamples, MeasuredImage, PairNaming, PngHeader } from '../data/internal.js';
import {
  areSwapped,
  groupByPalette,
  measureImage,
  namingOptions,
  reachesEnd,
  readLabelHeader,
  readLabelSamples,
  readOrientation,
  shownColor,
  swapsSides,
} from '../data/internal.js';
import { ConfigError, DataError } from '../errors/index.js';
import { keysOf } from '../registry/internal.js';
import type { Finding } from './dataset-inspection.js';
import { listFolder } from './folder-listing.js';
import type { ListedSplit } from './listed-split.js';
import { type ReadingOptions, splitOptions } from './reading-options.js';
import type {
  DecodedLabels,
  FileProblem,
  InspectionSource,
  SampleInspection,
  SourceSplit,
} from './source.js';

/** Holds what the options of a dataset say about its files. */
interface Reading {
  readonly images: ImageReading;
  readonly encoding: LabelEncoding;
  readonly reduceZeroLabel: boolean;
}

/**
 * Opens a folder for inspection. Returns null when it has no images in the expected place.
 *
 * @throws {ConfigError} for an option that the kind does not have
 */
export async function openFolderSource(
  root: string,
  given: ReadingOptions = {},
): Promise<InspectionSource | null> {
  const { kindOptions, images, section } = splitOptions(given);
  const options = datasets.get('folder').options.safeParse({ root, ...kindOptions });
  if (!options.success) throw new ConfigError(`check: ${optionProblem(options.error)}`);
  const parsed = options.data as {
    readonly unlabeled?: string;
    readonly labelEncoding: LabelEncoding;
    readonly reduceZeroLabel: boolean;
  } & Record<'imagePrefix' | 'imageSuffix' | 'labelPrefix' | 'labelSuffix', string>;
  const naming = givenNaming(parsed);
  const listing = await listFolder(root, { naming });
  if (listing === null) return null;
  const file = join(root, 'classes.json');
  const classes = await readClassList(file, { unlabeled: parsed.unlabeled }).catch((error: unknown) =>
    classesFinding(error, file),
  );
  const classList = 'code' in classes ? null : classes;
  const reading: Reading = {
    images,
    encoding: parsed.labelEncoding,
    reduceZeroLabel: parsed.reduceZeroLabel,
  };
  const optionsOf = (set: string): ReadingOptions => {
    const found = listing.namings.get(set);
    return { ...given, ...(found === undefined || naming !== null ? {} : namingOptions(found)) };
  };
  return {
    root,
    kind: 'folder',
    classList,
    splits: listing.splits.map((split) => new FolderSplit(root, { split, reading })),
    labelSets: listing.labelSets,
    options: new Map(listing.labelSets.map((set) => [set, optionsOf(set)])),
    findings: [
      ...('code' in classes ? [classes] : []),
      ...(classList?.classes.length === 1 ? [oneClassFinding(classList)] : []),
      ...listing.findings,
    ],
    notes: listing.notes,
    check: async (part) =>
      (
        await checkDataset({
          kind: 'folder',
          root,
          ...splitOptions(optionsOf(part.labels)).kindOptions,
          ...part,
          ...section,
        })
      ).problems,
    palettes: async (set) => {
      if (reading.encoding !== 'auto') return [];
      const files = listing.splits.flatMap(({ labels }) => [...(labels.get(set)?.values() ?? [])]);
      return groupByPalette(files.map((path) => join(root, path)));
    },
  };
}

function optionProblem({ issues: [issue] }: z.ZodError): string {
  const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.join('.');
  const known = keysOf(datasets.get('folder').options, []).filter(
    (name) => !['root', 'split', 'labels'].includes(name),
  );
  return issue?.code === 'unrecognized_keys'
    ? `unknown option data.${key}; options of the dataset are ${known.map((name) => `data.${name}`).join(', ')}`
    : `data.${key}: ${issue?.message}`;
}

/** Returns the naming that the options state, or null when they state none, so that one is looked for. */
function givenNaming({
  imagePrefix,
  imageSuffix,
  labelPrefix,
  labelSuffix,
}: Readonly<
  Record<'imagePrefix' | 'imageSuffix' | 'labelPrefix' | 'labelSuffix', string>
>): PairNaming | null {
  if (imagePrefix + imageSuffix + labelPrefix + labelSuffix === '') return null;
  return {
    images: { prefix: imagePrefix, suffix: imageSuffix },
    labels: { prefix: labelPrefix, suffix: labelSuffix },
  };
}

function oneClassFinding({ classes }: ClassList): Finding {
  return {
    code: 'one-class',
    split: null,
    labels: null,
    message: `'${classes[0]?.name}' is the only class: with nothing to tell it from, the loss is 0 and the mIoU 100`,
    remedy:
      'list the background as a class of its own; or, if pixels without a label are the background, write ' +
      '"unlabeled": "background" into classes.json (or set data.unlabeled: background)',
    count: 0,
    examples: [],
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
  readonly #reading: Reading;

  constructor(root: string, { split, reading }: { readonly split: ListedSplit; readonly reading: Reading }) {
    this.#root = root;
    this.#split = split;
    this.#reading = reading;
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
    const image = await this.#image(imageFile, { decode }).catch(
      noteIn(problems, { code: 'unreadable-image', labels: null, path: imageFile }),
    );
    const imageSize = image && { width: image.width, height: image.height };
    const orientation = await readOrientation(join(this.#root, imageFile));
    for (const [set, files] of this.#split.labels) {
      const path = files.get(name);
      if (path === undefined) continue;
      const found = await this.#labels(path, { decode }).catch(
        noteIn(problems, { code: 'unreadable-labels', labels: set, path }),
      );
      const size = found !== null && 'size' in found ? found.size : found;
      if (size !== null && imageSize !== null && !sameSize(size, imageSize)) {
        const reason = `${size.width}×${size.height}, image ${imageSize.width}×${imageSize.height}`;
        const swapped = areSwapped({ image: imageSize, labels: size });
        const code = !swapped ? 'wrong-size' : swapsSides(orientation) ? 'exif-turned' : 'sides-swapped';
        problems.push({ code, labels: set, path, reason });
      } else if (found !== null && 'size' in found && decode) labels.set(set, found);
    }
    return {
      imageSize,
      image: image && decode ? { path: imageFile, measured: image } : null,
      turned: orientation > 1,
      labels,
      problems,
    };
  }

  async #image(file: string, { decode }: { readonly decode: boolean }): Promise<MeasuredImage> {
    const path = join(this.#root, file);
    // A file without its end marker may still be sound, which only decoding tells.
    const whole = decode || !(await reachesEnd(path));
    return measureImage(path, { reading: this.#reading.images, decode: whole });
  }

  async #labels(file: string, { decode }: { readonly decode: boolean }): Promise<DecodedLabels | Size> {
    const path = join(this.#root, file);
    if (!decode && (await reachesEnd(path))) return readLabelHeader(path);
    const stored = await readLabelSamples(path);
    const { encoding, reduceZeroLabel } = this.#reading;
    const { header, ...content } =
      encoding === 'color' ? inColors(stored) : reduceZeroLabel ? withReducedZero(stored) : stored;
    const size = { width: header.width, height: header.height };
    return { ...content, size, path: relative(this.#root, path), form: formOf(header) };
  }
}

/** Returns values that count from the first class: 0, which is not labeled, becomes 255, and others are one less. */
function withReducedZero(stored: LabelSamples): LabelSamples {
  if (stored.inColor) return stored;
  const samples = stored.samples.map((value) => (value === ignoreIndex ? ignoreIndex : (value + 255) % 256));
  return { ...stored, samples, palette: null };
}

/** Returns gray and palette labels as the colors that a viewer shows. */
function inColors(stored: LabelSamples): LabelSamples {
  if (stored.inColor) return stored;
  const { samples, channels } = stored;
  const table = Array.from({ length: 256 }, (_, value) => shownColor(stored, value));
  const colors = new Uint8Array((3 * samples.length) / channels);
  for (let from = 0, to = 0; from < samples.length; from += channels, to += 3) {
    colors.set(table[samples[from] as number] as number[], to);
  }
  return { ...stored, samples: colors, channels: 3, inColor: true };
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
