/**
 * Reads all annotations once before anything is drawn, and keeps little of each image: which classes, which splits and which
 * sizes there are has to be known before the first label map is written.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Size } from '../../data/index.js';
import { readImageHeader } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage } from '../annotations.js';
import type { ImportFinding, OpenedSource } from '../importer.js';
import { uprightSize } from './orient-labels.js';
import { type StatedOrder, StatedOrderTally } from './stated-order.js';

/** Holds what is kept of an image that can be imported. */
export interface ScannedImage {
  /** Is the place of the image among those that the source gives. */
  readonly index: number;
  readonly fileName: string;
  /** Is the path of the image file. */
  readonly path: string;
  /** Says that the file was taken out of the annotations, so that it can be moved. */
  readonly embedded: boolean;
  /** Is the path of the file that describes the image. */
  readonly source: string;
  readonly split: string | null;
  /** Is the size of the picture as it is shown. */
  readonly upright: Size;
  /** Is the EXIF orientation that turns drawn labels upright: 1 where they were drawn on the picture as it is shown. */
  readonly turn: number;
  /** Names the classes that annotations of the image have, as they are written. */
  readonly classNames: readonly string[];
}

/** Holds all images of a source that can be imported. */
export interface ScannedSource {
  readonly images: readonly ScannedImage[];
  /** Counts the images that the source gives. */
  readonly given: number;
  /** Names the classes that annotations have, as they are written, also those of images that cannot be imported. */
  readonly classNames: ReadonlySet<string>;
  /** Says whether the files state what lies on top. */
  readonly statedOrder: StatedOrder;
}

/** Configures `scanImages`. */
export interface ScanOptions {
  /** Is a folder for images that are stored inside of files of annotations. */
  readonly embeddedFolder: string;
  /** Counts the findings so far that say why an image was not found, so that none is told twice. */
  readonly unfound: () => number;
  readonly onFinding: (finding: ImportFinding) => void;
  readonly onImage: (count: number) => void;
}

/** Text fields that annotators fill with sentences are no classes. */
const mostNames = 10_000;

/**
 * Reads the annotations and the headers of the images. Images that are missing, cannot be read, or have another size than the
 * annotations say are reported and left out.
 *
 * @throws {DataError} when a file of annotations cannot be used, and for more class names than can be meant
 */
export async function scanImages(
  opened: OpenedSource,
  { embeddedFolder, unfound, onFinding, onImage }: ScanOptions,
): Promise<ScannedSource> {
  const images: ScannedImage[] = [];
  const allNames = new Set<string>();
  // Images mostly have the same few classes: equal lists are kept once.
  const lists = new Map<string, readonly string[]>();
  const order = new StatedOrderTally();
  let [given, told] = [0, unfound()];
  for await (const image of opened.images()) {
    const index = given++;
    onImage(given);
    const isTold = unfound() > told;
    told = unfound();
    const names = [...classNamesOf(image)];
    for (const name of names) allNames.add(name);
    if (allNames.size > mostNames) {
      throw new DataError(
        `${image.source}: more than ${mostNames} class names so far; expected names of classes, not texts about single objects`,
      );
    }
    const key = names.join('\0');
    const classNames = lists.get(key) ?? names;
    lists.set(key, classNames);
    const file = await fileOf(image, { index, embeddedFolder });
    if (file === null) {
      if (!isTold) {
        onFinding({
          code: 'missing-image',
          message: 'an image that is not there is left out; --images names the folder of the images',
          example: `${image.source}: ${image.fileName}`,
        });
      }
      continue;
    }
    const fitted = await fitOf(image, file, onFinding);
    if (fitted === null) continue;
    const { fileName, source, split } = image;
    order.add(image.annotations);
    images.push({ index, fileName, ...file, source, split, ...fitted, classNames });
  }
  return { images, given, classNames: allNames, statedOrder: order.stated };
}

/** Returns the names of the classes that an image has. */
function classNamesOf({ annotations, raster }: AnnotatedImage): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { className } of annotations) if (className !== null) names.add(className);
  for (const value of new Set(raster?.values)) {
    const name = raster?.names[value];
    if (typeof name === 'string') names.add(name);
  }
  return names;
}

/** Returns the file of an image; one that is stored inside of the annotations is written to the folder for these. */
async function fileOf(
  { path, embedded }: AnnotatedImage,
  { index, embeddedFolder }: { readonly index: number; readonly embeddedFolder: string },
): Promise<{ readonly path: string; readonly embedded: boolean } | null> {
  if (path !== null) return { path, embedded: false };
  if (embedded === undefined) return null;
  const file = join(embeddedFolder, `${index}`);
  await mkdir(embeddedFolder, { recursive: true });
  await writeFile(file, embedded);
  return { path: file, embedded: true };
}

/** Returns how the annotations of an image fit its file, or null after saying why they don't. */
async function fitOf(
  image: AnnotatedImage,
  { path, embedded }: { readonly path: string; readonly embedded: boolean },
  onFinding: ScanOptions['onFinding'],
): Promise<Pick<ScannedImage, 'upright' | 'turn'> | null> {
  const where = embedded ? `${image.source}: ${image.fileName}` : path;
  const leaveOut = (code: string, message: string, example: string): null => {
    onFinding({ code, message, example });
    return null;
  };
  const header = await readImageHeader(path, null).catch((error: unknown) => {
    if (!(error instanceof DataError)) throw error;
    return leaveOut(
      'unreadable-image',
      'an image that cannot be read is left out',
      error.message.replace(path, where),
    );
  });
  if (header === null) return null;
  const { orientation } = header;
  const upright = { width: header.width, height: header.height };
  // The orientation that turns a picture is its own inverse for sizes.
  const stored = uprightSize(upright, orientation);
  const { raster, size } = image;
  const stated = raster ?? size;
  if (raster !== undefined && size !== null && !isSize(raster, size)) {
    const message = 'a label image of another size than its annotations say is left out';
    return leaveOut('wrong-size', message, `${image.source}: ${sizeText(raster)}, not ${sizeText(size)}`);
  }
  if (stated === null || isSize(stated, upright)) {
    if (orientation > 1) {
      onFinding({
        code: 'exif-upright',
        message:
          'an image has an EXIF orientation: its labels are taken to be drawn on the picture as it is shown',
        example: where,
      });
    }
    return { upright, turn: 1 };
  }
  if (isSize(stated, stored)) {
    onFinding({
      code: 'exif-stored',
      message:
        'labels were drawn on an image as it is stored, by their size: they are turned as its EXIF orientation says',
      example: where,
    });
    return { upright, turn: orientation };
  }
  const message = 'an image of another size than its annotations say is left out';
  return leaveOut(
    'wrong-size',
    message,
    `${where}: ${sizeText(upright)}, annotations of ${sizeText(stated)}`,
  );
}

function isSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

function sizeText({ width, height }: Size): string {
  return `${width}×${height}`;
}
