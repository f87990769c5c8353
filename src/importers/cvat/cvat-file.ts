/** Reads a file of "CVAT for images 1.1": what it says about its classes, and its images one after the other. */

import type { Color, Size } from '../../data/index.js';
import { DataError } from '../../errors/index.js';
import type { Annotation, ListedClass } from '../annotations.js';
import { numberOf, sizeOf } from '../coordinates.js';
import type { Report } from '../reading.js';
import { pointsOf, shapeNames, shapeOf } from './cvat-shapes.js';
import { type XmlEvent, xmlEvents } from './xml-events.js';

/** Holds what stands before the images of a file. */
export interface CvatHeader {
  /** Is null where the file lists no labels. */
  readonly classes: readonly ListedClass[] | null;
  readonly count: number | null;
}

/** Holds an image as a file describes it. */
export interface CvatImage {
  readonly name: string;
  readonly size: Size | null;
  /** Names the part of a project that the image belongs to. */
  readonly subset: string | null;
  readonly annotations: readonly Annotation[];
}

/**
 * Reads what stands before the images.
 *
 * @throws {DataError} naming the file when it is damaged, is no file of CVAT, or is of "CVAT for video"
 */
export async function readHeader(path: string): Promise<CvatHeader> {
  const labels: { name: string; color: Color | null; type: string; hasParent: boolean }[] = [];
  // A project has several tasks.
  let size: number | null = null;
  for await (const event of elementsOf(path)) {
    if (event.kind === 'open' && event.name === 'image') break;
    if (event.kind === 'open' && event.name === 'label' && event.around.at(-1) === 'labels') {
      labels.push({ name: '', color: null, type: '', hasParent: false });
    }
    if (event.kind !== 'text') continue;
    const [outer, inner] = event.around.slice(-2);
    const label = labels.at(-1);
    if (outer === 'label' && label !== undefined) {
      if (inner === 'name') label.name += event.text.trim();
      if (inner === 'color') label.color = colorOf(event.text.trim());
      if (inner === 'type') label.type = event.text.trim();
      if (inner === 'parent') label.hasParent = true;
    } else if (outer === 'task' && inner === 'size') size = (size ?? 0) + numberOf(event.text);
  }
  // Tags are about whole images, and the joints of skeletons are no classes.
  const drawn = labels.filter(({ name, type, hasParent }) => name !== '' && type !== 'tag' && !hasParent);
  const byName = new Map(
    drawn.map(({ name, color }) => [name, { name, ...(color !== null && { color }) }] as const),
  );
  return {
    classes: byName.size === 0 ? null : [...byName.values()],
    count: Number.isInteger(size) ? size : null,
  };
}

/**
 * Gives the images of a file in its order; what of them is left out is reported with the line.
 *
 * @throws {DataError} as `readHeader` does
 */
export async function* readImages(
  path: string,
  { file, report }: { readonly file: string; readonly report: Report },
): AsyncGenerator<CvatImage> {
  let image: (CvatImage & { annotations: Annotation[] }) | null = null;
  let skeleton: string | null = null;
  for await (const event of elementsOf(path)) {
    if (event.kind === 'text') continue;
    if (event.kind === 'close') {
      if (event.name === 'skeleton') skeleton = null;
      if (event.name !== 'image' || image === null) continue;
      yield image;
      image = null;
      continue;
    }
    const { name, attributes, line } = event;
    const place = `line ${line}`;
    const tell = (code: string, message: string): void => report(code, message, `${file}: ${place}`);
    if (name === 'image') image = imageOf(attributes, tell);
    if (image === null) continue;
    if (!shapeNames.has(name)) {
      if (event.around.at(-1) === 'image') tell('unknown-shape', leftOutText(name));
      continue;
    }
    if (name === 'skeleton') skeleton = attributes.get('label') ?? null;
    else if (event.around.at(-1) === 'skeleton') {
      const joint = jointOf(attributes, { className: skeleton, place, tell });
      if (joint !== null) image.annotations.push(joint);
    } else {
      const annotation = annotationOf(name, attributes, { place, tell });
      if (annotation !== null) image.annotations.push(annotation);
    }
  }
}

/** Gives the elements of a file, and refuses one that is not of "CVAT for images". */
async function* elementsOf(path: string): AsyncGenerator<XmlEvent> {
  let isEmpty = true;
  for await (const event of xmlEvents(path)) {
    if (isEmpty && event.kind === 'open' && event.name !== 'annotations') {
      throw new DataError(`${path}: begins with <${event.name}>, where CVAT's files have <annotations>`);
    }
    isEmpty = false;
    if (event.kind === 'open' && event.name === 'track' && event.around.length === 1) {
      throw new DataError(
        `${path}: line ${event.line}: is of "CVAT for video", whose tracks are not read; export the task as "CVAT for images 1.1"`,
      );
    }
    yield event;
  }
}

/** Says why an element of an image that is no shape is left out. */
function leftOutText(name: string): string {
  return name === 'tag'
    ? 'a tag is left out, as it is about a whole image'
    : `a ${name.slice(0, 40)} is left out, as it is no shape that is known`;
}

function imageOf(
  attributes: ReadonlyMap<string, string>,
  tell: (code: string, message: string) => void,
): (CvatImage & { annotations: Annotation[] }) | null {
  const name = (attributes.get('name') ?? '').trim();
  if (name === '') {
    tell('unnamed-image', 'an image without a name is left out');
    return null;
  }
  const size = sizeOf(attributes.get('width'), attributes.get('height'));
  if (size === null) tell('invalid-size', 'a size that no image can have is not read');
  return { name, size, subset: attributes.get('subset') ?? null, annotations: [] };
}

function annotationOf(
  name: string,
  attributes: ReadonlyMap<string, string>,
  { place, tell }: { readonly place: string; readonly tell: (code: string, message: string) => void },
): Annotation | null {
  const label = (attributes.get('label') ?? '').trim();
  if (label === '') {
    tell('unnamed-shape', 'a shape without a label is left out');
    return null;
  }
  if (attributes.get('outside') === '1') {
    tell('outside-shape', 'a shape that is marked as outside of the picture is left out');
    return null;
  }
  const shape = shapeOf(name, attributes, tell);
  const z = numberOf(attributes.get('z_order'));
  return shape === null ? null : { className: label, shape, ...(Number.isFinite(z) && { z }), place };
}

/** Returns a joint of a skeleton as a point of the skeleton's class; null where another object hides it. */
function jointOf(
  attributes: ReadonlyMap<string, string>,
  {
    className,
    place,
    tell,
  }: {
    readonly className: string | null;
    readonly place: string;
    readonly tell: (code: string, message: string) => void;
  },
): Annotation | null {
  const hidden = attributes.get('outside') === '1' || attributes.get('occluded') === '1';
  if (hidden)
    tell('hidden-joint', 'a joint of a skeleton that is hidden or outside of the picture is left out');
  if (hidden || className === null) return null;
  return { className, shape: { kind: 'points', points: pointsOf(attributes) }, place };
}

function colorOf(text: string): Color | null {
  const [, red, green, blue] = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(text) ?? [];
  if (red === undefined || green === undefined || blue === undefined) return null;
  return [Number.parseInt(red, 16), Number.parseInt(green, 16), Number.parseInt(blue, 16)];
}
