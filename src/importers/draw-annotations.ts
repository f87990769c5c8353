/**
 * Draws the polygons and masks of an image into a label map.
 *
 * Where annotations overlap, the one that is drawn last shows. The order `area` draws large ones first, so that a small object
 * is not lost under what surrounds it, `file` keeps the order of the file, and `z` follows the order that the tool states;
 * equal ones keep the order of the file.
 */

import { ignoreIndex, type Size } from '../data/index.js';
import { DataError } from '../errors/index.js';
import { visitSpans } from '../geometry/index.js';
import type { AnnotatedImage, Annotation, Shape } from './annotations.js';
import type { ImportFinding } from './importer.js';
import { shapeProblem } from './shape-problems.js';

/** Says in which order annotations are drawn: large ones first, as in the file, or as the tool stacks them. */
export type DrawOrder = 'area' | 'file' | 'z';

/** Maps the names of classes in the files to labels; null draws a class as unlabeled. */
export type LabelsByName = ReadonlyMap<string, number | null>;

/** Configures `drawAnnotations`. */
export interface DrawAnnotationsOptions extends Size {
  readonly labels: LabelsByName;
  readonly order?: DrawOrder;
  /** Is the label of pixels that no annotation covers; 255, ignored, by default. */
  readonly unlabeled?: number;
  /** Receives each shape that is left out or changed. */
  readonly onFinding: (finding: ImportFinding) => void;
}

/** Holds the label map of an image. */
export interface DrawnLabels extends Size {
  /** Holds a label for each pixel [height, width]; 255 where it is ignored. */
  readonly values: Uint8Array;
  /** Counts pixels where an annotation lies under one of another label, once for each that it hides. */
  readonly overlapping: number;
  /** Counts the annotations of each label that show: shapes, and the objects or classes of a label image. */
  readonly annotations: ReadonlyMap<number, number>;
}

/**
 * Returns the label map of an image: its raster, and on top its polygons and masks. A pixel belongs to a shape if its center
 * does. Annotations without a class (crowd, void) are drawn as ignored. Points and lines are left to `drawSparse`.
 *
 * @throws {DataError} naming the file when its raster is not of the size of the image
 */
export function drawAnnotations(
  image: Pick<AnnotatedImage, 'annotations' | 'raster' | 'source'>,
  { labels, order = 'area', unlabeled = ignoreIndex, onFinding, width, height }: DrawAnnotationsOptions,
): DrawnLabels {
  const size = { width, height };
  const report = (code: string, message: string, annotation?: Annotation): void => {
    const place = annotation === undefined ? '' : `: ${annotation.place}`;
    onFinding({ code, message, example: `${image.source}${place}` });
  };
  const annotations = new Map<number, number>();
  const count = (label: number, more = 1): void => {
    annotations.set(label, (annotations.get(label) ?? 0) + more);
  };
  const values = rasterLabels(image, { labels, unlabeled, size, report, count });
  const shapes = image.annotations
    .map((annotation) => layerOf(annotation, { labels, unlabeled, size, report }))
    .filter((layer) => layer !== null);
  const covered = new Uint8Array(width * height);
  let overlapping = 0;
  // From the top down: a pixel keeps the first label, and what is hidden shows.
  for (const { annotation, label, isClass } of sorted(shapes, order).reverse()) {
    let visible = 0;
    visitShape(annotation.shape, size, (start, end) => {
      for (let pixel = start; pixel < end; pixel++) {
        if (covered[pixel] === 0) {
          covered[pixel] = 1;
          values[pixel] = label;
          visible++;
        } else if (values[pixel] !== label) overlapping++;
      }
    });
    if (visible === 0) report('hidden-shape', 'a shape that others cover whole does not show', annotation);
    else if (isClass) count(label);
  }
  return { width, height, values, overlapping, annotations };
}

/** Is an annotation that covers pixels, with its label. */
interface Layer {
  readonly annotation: Annotation;
  readonly label: number;
  /** Is false for shapes that say that their pixels are of no class. */
  readonly isClass: boolean;
  readonly area: number;
}

type Report = (code: string, message: string, annotation?: Annotation) => void;

interface LayerOptions {
  readonly labels: LabelsByName;
  readonly unlabeled: number;
  readonly size: Size;
  readonly report: Report;
}

/** Returns what of an annotation is drawn, or null after saying why nothing is. */
function layerOf(annotation: Annotation, { labels, unlabeled, size, report }: LayerOptions): Layer | null {
  const { shape, className } = annotation;
  if (shape.kind === 'line' || shape.kind === 'points') return null;
  const found = className === null ? ignoreIndex : labels.get(className);
  if (found === undefined) {
    report(
      'unknown-class',
      `the class '${className}' is not in the list of classes; its shapes are left out`,
      annotation,
    );
    return null;
  }
  const problem = shapeProblem(shape, size);
  if (problem !== null) report(problem.code, problem.message, annotation);
  if (problem?.drawn === false) return null;
  let area = 0;
  visitShape(shape, size, (start, end) => {
    area += end - start;
  });
  if (area === 0) {
    report('empty-shape', 'a shape that contains the center of no pixel is left out', annotation);
    return null;
  }
  const isClass = found !== null && found !== ignoreIndex;
  return { annotation, label: found ?? unlabeled, isClass, area };
}

/** Returns the layers from the lowest to the topmost. */
function sorted(layers: readonly Layer[], order: DrawOrder): Layer[] {
  const compare = {
    area: (a: Layer, b: Layer) => b.area - a.area,
    file: () => 0,
    z: (a: Layer, b: Layer) => (a.annotation.z ?? 0) - (b.annotation.z ?? 0),
  } satisfies Record<DrawOrder, (a: Layer, b: Layer) => number>;
  return [...layers].sort(compare[order]);
}

/** Visits the pixels of a shape inside the image, as spans in reading order; those of overlapping parts more than once. */
function visitShape(shape: Shape, size: Size, visit: (start: number, end: number) => void): void {
  if (shape.kind === 'polygon') {
    for (const rings of shape.parts) visitSpans(rings, size, visit);
  } else if (shape.kind === 'mask') visitMask(shape, size, visit);
}

function visitMask(
  { left: fractionalLeft, top: fractionalTop, width, height, mask }: Extract<Shape, { kind: 'mask' }>,
  image: Size,
  visit: (start: number, end: number) => void,
): void {
  const [left, top] = [Math.round(fractionalLeft), Math.round(fractionalTop)];
  const firstRow = Math.max(0, -top);
  const lastRow = Math.min(height, image.height - top);
  const first = Math.max(0, -left);
  const last = Math.min(width, image.width - left);
  for (let row = firstRow; row < lastRow; row++) {
    const line = row * width;
    const target = (row + top) * image.width + left;
    for (let x = first; x < last; x++) {
      if (mask[line + x] === 0) continue;
      const start = x;
      while (x < last && mask[line + x] !== 0) x++;
      visit(target + start, target + x);
    }
  }
}

/** Returns the label map that lies under the annotations: the raster of the image, or all unlabeled. */
function rasterLabels(
  { raster, source }: Pick<AnnotatedImage, 'raster' | 'source'>,
  {
    labels,
    unlabeled,
    size,
    report,
    count,
  }: LayerOptions & { readonly count: (label: number, more: number) => void },
): Uint8Array {
  const values = new Uint8Array(size.width * size.height).fill(unlabeled);
  if (raster === undefined) return values;
  if (raster.width !== size.width || raster.height !== size.height) {
    throw new DataError(
      `${source}: labels of ${raster.width}×${raster.height} pixels for an image of ${size.width}×${size.height}; ` +
        'expected the same size',
    );
  }
  const meanings = Array.from({ length: 256 }, (_, value) => {
    const name = raster.names[value];
    if (value === raster.unlabeledValue) return unlabeled;
    if (name === null) return ignoreIndex;
    return name === undefined ? undefined : (labels.get(name) ?? (labels.has(name) ? unlabeled : undefined));
  });
  const isUsed = new Uint8Array(256);
  for (let pixel = 0; pixel < values.length; pixel++) {
    const value = raster.values[pixel] as number;
    isUsed[value] = 1;
    values[pixel] = meanings[value] ?? unlabeled;
  }
  const counted = new Set<string>();
  for (const [value, label] of meanings.entries()) {
    const name = raster.names[value];
    if (isUsed[value] === 0) continue;
    if (label !== undefined) {
      const own = typeof name === 'string' && value !== raster.unlabeledValue ? labels.get(name) : null;
      if (typeof name !== 'string' || own !== label || own === ignoreIndex || counted.has(name)) continue;
      counted.add(name);
      count(label, raster.objects?.get(name) ?? 1);
      continue;
    }
    const message =
      typeof name === 'string'
        ? `the class '${name}' is not in the list of classes; its pixels are left unlabeled`
        : `the value ${value} belongs to no class; its pixels are left unlabeled`;
    report('unknown-class', message);
  }
  return values;
}
