/**
 * Makes coarse labels from fine ones, like the quick polygons of an annotator. The model is Cityscapes' coarse
 * annotations: they cover 0.58 of what the fine ones label and agree with them on 0.97 of that. Objects are outlined
 * with few vertices and away from borders, small ones are skipped or painted over, and thin ones are drawn even
 * thinner.
 */

import { RandomStream, type Size } from '../data/index.js';
import { DataError } from '../errors/index.js';
import { connectedComponents, fillRings, type Ring, type TracedRing, traceRings } from '../geometry/index.js';
import { drawPolygon, drawStroke } from './draw-region.js';
import { type Layer, splitLayers } from './layers.js';

/**
 * Sets how coarse the labels are. Lengths are shares of the image's diagonal and areas shares of the image, so that a
 * scene gets the same polygons at every size. The defaults give CamVid's fine training labels the coverage and
 * agreement of Cityscapes' coarse annotations.
 */
export interface CoarsenParameters {
  /** Sets the distance kept from a region's border, as a share of half the region's thickness. */
  readonly insetShare: number;
  /** Limits that distance to this share of the image's diagonal. */
  readonly insetLimit: number;
  /** Varies that distance from region to region: the standard deviation of its logarithm. */
  readonly insetSpread: number;
  /**
   * Limits how far a polygon departs from the inset outline, as a multiple of the inset; above 1 it may cross the
   * border.
   */
  readonly simplify: number;
  /** Sets the standard deviation of a vertex's displacement, as a share of the inset. */
  readonly jitter: number;
  /** Makes regions below this share of the image details, which surfaces are drawn across. */
  readonly detailArea: number;
  /** Makes regions that are nowhere thicker than this share of the diagonal details. */
  readonly detailThickness: number;
  /** Leaves out regions below this share of the image. */
  readonly minimumArea: number;
  /** Sets the probability of skipping a detail just above `minimumArea`; it falls with the square root of the area. */
  readonly skip: number;
  /** Leaves holes above this share of the image out of the polygon around them; smaller ones are painted over. */
  readonly holeArea: number;
  /** Sets the width of the stroke for a long, thin region, as a share of the region's width. */
  readonly strokeWidth: number;
}

/** Holds the defaults of all parameters. */
export const coarsenDefaults: CoarsenParameters = {
  insetShare: 0.4,
  insetLimit: 0.036,
  insetSpread: 1.2,
  simplify: 1.85,
  jitter: 0.5,
  detailArea: 0.005,
  detailThickness: 0.015,
  minimumArea: 0.0003,
  skip: 0.9,
  holeArea: 0.01,
  strokeWidth: 0.8,
};

/** Configures `coarsenLabels`. */
export interface CoarsenOptions extends Size, Partial<CoarsenParameters> {
  /** Bounds the labels, which are below it or equal to `ignoreIndex`. */
  readonly classCount: number;
  readonly ignoreIndex?: number;
  /** Takes a non-negative integer; the same labels with the same seed give the same polygons. */
  readonly seed: number;
}

// A region this many times as long as wide is drawn as a stroke ...
const strokeElongation = 4;
// ... unless it is thicker than this many times the limit for details.
const strokeThickness = 2.5;
// Separates these random draws from others under the same seed.
const regionStream = 0x636f6172;

type Box = readonly [left: number, top: number, right: number, bottom: number];

interface Drawing {
  readonly label: number;
  readonly area: number;
  readonly rings: readonly Ring[];
}

/**
 * Returns coarse labels [height, width] for fine labels [height, width]: class indices, and `ignoreIndex` where
 * nothing is drawn.
 *
 * @throws {DataError} when the number of labels is not width × height, or a label belongs to no class
 */
export function coarsenLabels(labels: Uint8Array, options: CoarsenOptions): Uint8Array {
  const { width, height, classCount, ignoreIndex = 255, seed } = options;
  checkLabels(labels, { width, height, classCount, ignoreIndex });
  const parameters = { ...coarsenDefaults, ...options };
  const size = { width, height };
  const diagonal = Math.hypot(width, height);
  const { surfaces, details } = splitLayers(labels, {
    ...size,
    ignoreIndex,
    detailArea: parameters.detailArea * labels.length,
    detailThickness: parameters.detailThickness * diagonal,
  });
  const context = { ...size, parameters, ignoreIndex, seed };
  const coarse = new Uint8Array(labels.length).fill(ignoreIndex);
  for (const layer of [
    drawLayer(surfaces, { ...context, number: 0, skippable: false }),
    drawLayer(details, { ...context, number: 1, skippable: true }),
  ]) {
    // The largest is painted first within a layer, so that smaller ones lie on top.
    for (const { label, rings } of layer.toSorted((a, b) => b.area - a.area)) {
      fillRings(coarse, { ...size, rings, value: label });
    }
  }
  return coarse;
}

function drawLayer(
  { components, distance, halfThickness }: Layer,
  {
    width,
    height,
    parameters,
    ignoreIndex,
    seed,
    number,
    skippable,
  }: Size & {
    parameters: CoarsenParameters;
    ignoreIndex: number;
    seed: number;
    number: number;
    skippable: boolean;
  },
): Drawing[] {
  const { ids, count, values, areas, boxes } = components;
  const diagonal = Math.hypot(width, height);
  const minimumArea = parameters.minimumArea * width * height;
  const present = new Uint8Array(count);
  for (const id of ids) if (id !== -1) present[id] = 1;

  const drawings: Drawing[] = [];
  const insets = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const cares = new Float64Array(count);
  const streams: (RandomStream | undefined)[] = [];
  for (let id = 0; id < count; id++) {
    const area = areas[id] as number;
    const label = values[id] as number;
    if (present[id] === 0 || label === ignoreIndex || area < minimumArea) continue;
    const random = new RandomStream(seed, [regionStream, number, id]);
    if (skippable && random.chance(parameters.skip * Math.sqrt(minimumArea / area))) continue;
    const thickness = 2 * (halfThickness[id] as number);
    const box = [boxes[4 * id], boxes[4 * id + 1], boxes[4 * id + 2], boxes[4 * id + 3]] as Box;
    const limit = strokeThickness * parameters.detailThickness * diagonal;
    // The mean width is a cheap test that makes the exact one unnecessary for most regions.
    if (area < 2 * limit * (1 + Math.max(box[2] - box[0], box[3] - box[1]))) {
      const stroke = drawStroke(ids, {
        id,
        box,
        width,
        limit,
        elongation: strokeElongation,
        widthShare: parameters.strokeWidth,
        jitterShare: parameters.jitter / 4,
        random,
      });
      if (stroke !== null) {
        drawings.push({ label, area, rings: [stroke] });
        continue;
      }
    }
    // Only the inset varies between regions; the precision of the outline does not.
    cares[id] = Math.min(parameters.insetShare * (thickness / 2), parameters.insetLimit * diagonal);
    const spread = Math.exp(parameters.insetSpread * random.normal());
    insets[id] = Math.min(parameters.insetShare * (thickness / 2), (cares[id] as number) * spread);
    streams[id] = random;
  }

  // A region may fall apart inside its inset, and each part then becomes a polygon.
  const kept = ids.map((id, pixel) =>
    id !== -1 && (distance[pixel] as number) > (insets[id] as number) ? id : -1,
  );
  const parts = connectedComponents(kept, { width, height, connectivity: 4, excluded: -1 });
  for (const [part, rings] of ringsByPart(traceRings(parts.ids, { width, height }))) {
    const id = parts.values[part] as number;
    const care = cares[id] as number;
    const area = parts.areas[part] as number;
    // An annotator does not outline a small remainder beside a larger part.
    if (area < minimumArea / 4 || area < 0.02 * (areas[id] as number)) continue;
    const polygon = drawPolygon(rings, {
      tolerance: Math.max(0.75, parameters.simplify * care),
      jitter: parameters.jitter * care,
      holeArea: parameters.holeArea * width * height,
      random: streams[id] as RandomStream,
    });
    if (polygon.length > 0)
      drawings.push({ label: values[id] as number, area: areas[id] as number, rings: polygon });
  }
  return drawings;
}

function ringsByPart(rings: readonly TracedRing[]): Map<number, TracedRing[]> {
  const byPart = new Map<number, TracedRing[]>();
  for (const ring of rings) {
    const list = byPart.get(ring.id);
    if (list === undefined) byPart.set(ring.id, [ring]);
    else list.push(ring);
  }
  return byPart;
}

function checkLabels(
  labels: Uint8Array,
  { width, height, classCount, ignoreIndex }: Size & { classCount: number; ignoreIndex: number },
): void {
  if (!(width > 0 && height > 0) || labels.length !== width * height) {
    throw new DataError(
      `coarsenLabels: expected ${width}×${height} = ${width * height} labels, received ${labels.length}`,
    );
  }
  const wrong = labels.findIndex((label) => label >= classCount && label !== ignoreIndex);
  if (wrong !== -1) {
    throw new DataError(
      `coarsenLabels: label ${labels[wrong]} at x ${wrong % width}, y ${Math.floor(wrong / width)} is no class: ` +
        `expected 0–${classCount - 1}, or ${ignoreIndex} for unlabeled`,
    );
  }
}
