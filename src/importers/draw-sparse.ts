/**
 * Draws points and lines, which state the class of few pixels, into a label map of their own: what is between them stays
 * open, and they never paint over polygons.
 */

import { ignoreIndex, type LabeledPoint, type Size } from '../data/index.js';
import type { AnnotatedImage, Annotation } from './annotations.js';
import type { LabelsByName } from './draw-annotations.js';
import type { ImportFinding } from './importer.js';
import { shapeProblem, tolerated } from './shape-problems.js';

/** Configures `drawSparse`. */
export interface DrawSparseOptions extends Size {
  readonly labels: LabelsByName;
  /** Labels pixels whose center is at most so far from a point or line, in pixels; with 0 only those that it is in. */
  readonly radius?: number;
  /** Receives each shape that is left out or changed. */
  readonly onFinding: (finding: ImportFinding) => void;
}

/** Holds what the points and lines of an image say. */
export interface SparseLabels extends Size {
  /** Holds a label for each pixel [height, width], 255 where no point or line is near; null for an image without any. */
  readonly values: Uint8Array | null;
  /** Lists the pixels that points and lines lie in, one class a pixel, in reading order. */
  readonly points: readonly LabeledPoint[];
  /** Counts the points and lines of each label that label a pixel; points of one annotation count as one. */
  readonly annotations: ReadonlyMap<number, number>;
}

/**
 * Returns what the points and lines of an image say. A pixel near several takes the class of the nearest, and of the first
 * in the file among equally near ones; a pixel in which points of different classes lie is left out.
 */
export function drawSparse(
  image: Pick<AnnotatedImage, 'annotations' | 'source'>,
  { labels, radius = 0, onFinding, width, height }: DrawSparseOptions,
): SparseLabels {
  const size = { width, height };
  const report = (code: string, message: string, annotation: Annotation): void => {
    onFinding({ code, message, example: `${image.source}: ${annotation.place}` });
  };
  const marks: Mark[] = [];
  for (const annotation of image.annotations) {
    if (annotation.shape.kind !== 'line' && annotation.shape.kind !== 'points') continue;
    const label = annotation.className === null ? ignoreIndex : labels.get(annotation.className);
    if (label === undefined) {
      report(
        'unknown-class',
        `the class '${annotation.className}' is not in the list of classes; its shapes are left out`,
        annotation,
      );
      continue;
    }
    const problem = shapeProblem(annotation.shape, size);
    if (problem !== null) report(problem.code, problem.message, annotation);
    // Unlabeled is what these pixels are anyway.
    if (problem?.drawn === false || label === null || label === ignoreIndex) continue;
    marks.push({ annotation, label, segments: segmentsOf(annotation.shape, size) });
  }
  if (marks.length === 0) return { ...size, values: null, points: [], annotations: new Map() };
  return { ...size, ...paint(marks, { radius, size, report }) };
}

/** Holds the parts of one annotation: x0, y0, x1, y1 of each; both ends of a point are the same. */
interface Mark {
  readonly annotation: Annotation;
  readonly label: number;
  readonly segments: readonly (readonly [number, number, number, number])[];
}

function segmentsOf(shape: Annotation['shape'], { width, height }: Size): Mark['segments'] {
  const list = shape.kind === 'points' ? shape.points : shape.kind === 'line' ? shape.line : [];
  const ends = Array.from(
    { length: Math.floor(list.length / 2) },
    (_, place) =>
      [ontoEdge(list[2 * place] as number, width), ontoEdge(list[2 * place + 1] as number, height)] as const,
  );
  // A line of one point is that point.
  const alone = shape.kind === 'points' || ends.length === 1;
  return alone
    ? ends.map(([x, y]) => [x, y, x, y] as const)
    : ends.slice(1).map(([x, y], place) => {
        const [x0, y0] = ends[place] as readonly [number, number];
        return [x0, y0, x, y] as const;
      });
}

/** Moves what lies on the far edge of the image, or less than a pixel outside, into the pixel beside. */
function ontoEdge(value: number, side: number): number {
  if (value < 0 && value >= -tolerated) return 0;
  return value >= side && value <= side + tolerated ? side - 1 / 1024 : value;
}

/** Is larger than every squared distance, which are counted from 0 for pixels near a mark. */
const open = Number.POSITIVE_INFINITY;

function paint(
  marks: readonly Mark[],
  {
    radius,
    size,
    report,
  }: {
    readonly radius: number;
    readonly size: Size;
    readonly report: (code: string, message: string, annotation: Annotation) => void;
  },
): Omit<SparseLabels, keyof Size> {
  const { width, height } = size;
  const values = new Uint8Array(width * height).fill(ignoreIndex);
  const distances = new Map<number, number>();
  const inside = new Map<number, number>();
  for (const { annotation, label, segments } of marks) {
    let contradicts = false;
    for (const segment of segments) {
      if (radius > 0) {
        visitNear(segment, { radius, size }, (pixel, distance) => {
          if (distance >= (distances.get(pixel) ?? open)) return;
          distances.set(pixel, distance);
          values[pixel] = label;
        });
      }
      visitCrossed(segment, size, (pixel) => {
        const before = inside.get(pixel) ?? label;
        if (before !== label) contradicts = true;
        inside.set(pixel, before === label ? label : ignoreIndex);
      });
    }
    if (contradicts) {
      report(
        'contradicting-points',
        'a point or line in the pixel of one of another class; that pixel is left out',
        annotation,
      );
    }
  }
  const points: LabeledPoint[] = [];
  for (const [pixel, label] of [...inside].sort(([a], [b]) => a - b)) {
    values[pixel] = label;
    if (label !== ignoreIndex) {
      points.push({ x: pixel % width, y: Math.floor(pixel / width), class: label, more: {} });
    }
  }
  const annotations = new Map<number, number>();
  for (const { label, segments } of marks) {
    let isSeen = false;
    for (const segment of segments) {
      visitCrossed(segment, size, (pixel) => {
        isSeen ||= inside.get(pixel) === label;
      });
    }
    if (isSeen) annotations.set(label, (annotations.get(label) ?? 0) + 1);
  }
  return { values, points, annotations };
}

type Segment = Mark['segments'][number];

/** Visits pixels whose center is at most `radius` from a segment, with the squared distance. */
function visitNear(
  [x0, y0, x1, y1]: Segment,
  { radius, size }: { readonly radius: number; readonly size: Size },
  visit: (pixel: number, squaredDistance: number) => void,
): void {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const lengthSquared = dx * dx + dy * dy;
  const firstRow = Math.max(0, Math.floor(Math.min(y0, y1) - radius));
  const lastRow = Math.min(size.height - 1, Math.ceil(Math.max(y0, y1) + radius));
  for (let row = firstRow; row <= lastRow; row++) {
    const y = row + 0.5;
    // Only the part of the segment that this row can be near to, so that a long diagonal does not cost its whole box.
    const [from, to] = reachOf([x0, y0, x1, y1], { low: y - radius, high: y + radius });
    const first = Math.max(0, Math.floor(Math.min(from, to) - radius));
    const last = Math.min(size.width - 1, Math.ceil(Math.max(from, to) + radius));
    for (let column = first; column <= last; column++) {
      const x = column + 0.5;
      const along =
        lengthSquared === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / lengthSquared));
      const squared = (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2;
      if (squared <= radius * radius) visit(row * size.width + column, squared);
    }
  }
}

/** Returns the columns between which a segment runs while its rows are from `low` to `high`. */
function reachOf(
  [x0, y0, x1, y1]: Segment,
  { low, high }: { readonly low: number; readonly high: number },
): [number, number] {
  if (y0 === y1) return [x0, x1];
  const at = (y: number) => x0 + Math.min(1, Math.max(0, (y - y0) / (y1 - y0))) * (x1 - x0);
  return [at(low), at(high)];
}

/** Visits the pixels inside the image that a segment passes through. */
function visitCrossed(segment: Segment, size: Size, visit: (pixel: number) => void): void {
  const [, y0, , y1] = segment;
  const firstRow = Math.max(0, Math.floor(Math.min(y0, y1)));
  const lastRow = Math.min(size.height - 1, Math.floor(Math.max(y0, y1)));
  for (let row = firstRow; row <= lastRow; row++) {
    const [from, to] = reachOf(segment, { low: row, high: row + 1 });
    const first = Math.max(0, Math.floor(Math.min(from, to)));
    const last = Math.min(size.width - 1, Math.floor(Math.max(from, to)));
    for (let column = first; column <= last; column++) visit(row * size.width + column);
  }
}
