/**
 * Puts errors of annotators into exact labels, so that a search for wrong labels can be judged: objects that were overlooked,
 * given another class, or drawn beside their place.
 */

import { RandomStream, type Size } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import { type Components, connectedComponents } from '../geometry/index.js';
import { spreadLabels } from './spread-labels.js';

/**
 * Names a kind of error. `drop` labels an object as what lies around it, `swap` gives it another class, and `shift` draws it some
 * pixels beside its place.
 */
export type LabelErrorKind = 'drop' | 'swap' | 'shift';

/** Lists the kinds; the place of one is part of its random draws. */
export const labelErrorKinds = ['drop', 'swap', 'shift'] as const satisfies readonly LabelErrorKind[];

/** Sets which objects get an error, and how large a shift is. */
export interface ErrorParameters {
  /** Is the share of the objects that get an error, above 0 and at most 1. */
  readonly share: number;
  /** Leaves smaller regions as they are, as a share of the image. */
  readonly minimumArea: number;
  /** Leaves larger regions as they are, which are surfaces and not objects, as a share of the image. */
  readonly maximumArea: number;
  /** Is the distance of a shift, as a share of the image's diagonal. */
  readonly distance: number;
}

/** Holds the defaults of all parameters. */
export const errorDefaults: ErrorParameters = {
  share: 0.1,
  minimumArea: 0.0005,
  maximumArea: 0.1,
  distance: 0.015,
};

/** Configures `injectErrors`. */
export interface InjectErrorsOptions extends Size, Partial<ErrorParameters> {
  readonly kind: LabelErrorKind;
  /** Bounds the classes that a swap draws from; by default they are those of the image. */
  readonly classCount?: number | null;
  readonly ignoreIndex?: number;
  /** Takes a non-negative integer; the same labels with the same seed get the same errors. */
  readonly seed: number;
}

/** Describes one error. */
export interface InjectedError {
  readonly kind: LabelErrorKind;
  /** Holds the left and upper edge, the width and the height of the object before the error, in pixels. */
  readonly box: readonly [left: number, top: number, width: number, height: number];
  /** Counts the pixels of the object before the error. */
  readonly pixels: number;
  /** Is the class of the object. */
  readonly from: number;
  /** Is the class that a swap gave it; null for other kinds. */
  readonly to: number | null;
  /** Holds by how many pixels the object was moved right and down; null for other kinds. */
  readonly shift: readonly [x: number, y: number] | null;
}

/** Holds labels with errors, and what was done to them. */
export interface LabelsWithErrors {
  readonly labels: Uint8Array;
  readonly errors: readonly InjectedError[];
}

// Separates these random draws from others under the same seed.
const errorStream = 0x6572726f;

/**
 * Returns a copy of the labels [height, width] with errors. An object is a region of one class that is neither tiny nor a
 * surface; unlabeled pixels stay unlabeled, and none is added, but where an object moves over them.
 *
 * @throws {ConfigError} for an unknown kind, and a parameter that is out of range
 */
export function injectErrors(labels: Uint8Array, options: InjectErrorsOptions): LabelsWithErrors {
  const { width, height, kind, ignoreIndex = 255, classCount = null, seed } = options;
  const parameters = { ...errorDefaults, ...options };
  checkErrorParameters(parameters);
  const size = { width, height };
  const components = connectedComponents(labels, { ...size, connectivity: 8, excluded: ignoreIndex });
  const classes = classesOf(components, classCount);
  const diagonal = Math.hypot(width, height);
  const errors = new Map<number, InjectedError>();
  for (const id of objectsOf(components, { ...parameters, pixels: labels.length })) {
    const random = new RandomStream(seed, [errorStream, labelErrorKinds.indexOf(kind), id]);
    if (!random.chance(parameters.share)) continue;
    const from = components.values[id] as number;
    const others = classes.filter((label) => label !== from);
    if (kind === 'swap' && others.length === 0) continue;
    const angle = random.uniform(0, 2 * Math.PI);
    const move = (part: number) => Math.round(part * parameters.distance * diagonal);
    errors.set(id, {
      ...{ kind, from, box: boxOf(components, id), pixels: components.areas[id] as number },
      to: kind === 'swap' ? (others[random.integer(others.length)] as number) : null,
      shift: kind === 'shift' ? [move(Math.cos(angle)), move(Math.sin(angle))] : null,
    });
  }
  const changed =
    kind === 'swap' ? labels.slice() : withoutObjects(labels, { ...size, components, errors, ignoreIndex });
  // Nothing lies around objects that fill the image.
  if (changed === null) return { labels: labels.slice(), errors: [] };
  for (const [id, { to, shift, from }] of errors) {
    if (kind === 'drop') continue;
    drawObject(changed, { ...size, components, id, label: to ?? from, shift: shift ?? [0, 0] });
  }
  return { labels: changed, errors: [...errors.values()] };
}

/** @throws {ConfigError} for an unknown kind, and a parameter that is out of range */
export function checkErrorParameters({
  kind,
  share,
  minimumArea,
  maximumArea,
  distance,
}: Partial<ErrorParameters> & { readonly kind: string }): void {
  if (!labelErrorKinds.some((known) => known === kind)) {
    throw new ConfigError(
      `errors: no kind '${kind}'${suggestion(kind, labelErrorKinds)}; expected ${labelErrorKinds.join(', ')}`,
    );
  }
  for (const [name, value] of Object.entries({ share, minimumArea, maximumArea, distance })) {
    if (value === undefined || (value >= 0 && value <= 1 && (name !== 'share' || value > 0))) continue;
    const range = name === 'share' ? 'above 0 and at most 1' : 'from 0 to 1';
    throw new ConfigError(`errors: expected a ${name} ${range}, received ${value}`);
  }
}

/** Returns the components that are objects. */
function objectsOf(
  { count, areas }: Components,
  { minimumArea, maximumArea, pixels }: ErrorParameters & { readonly pixels: number },
): number[] {
  return Array.from({ length: count }, (_, id) => id).filter((id) => {
    const area = areas[id] as number;
    return area >= minimumArea * pixels && area <= maximumArea * pixels;
  });
}

function classesOf({ values }: Components, classCount: number | null): number[] {
  if (classCount !== null) return Array.from({ length: classCount }, (_, label) => label);
  return [...new Set(values)].toSorted((a, b) => a - b);
}

function boxOf({ boxes }: Components, id: number): InjectedError['box'] {
  const [left = 0, top = 0, right = 0, bottom = 0] = boxes.subarray(4 * id, 4 * id + 4);
  return [left, top, right - left + 1, bottom - top + 1];
}

/** Returns the labels with what lies around the objects in their place; null where nothing does. */
function withoutObjects(
  labels: Uint8Array,
  {
    width,
    height,
    components: { ids },
    errors,
    ignoreIndex,
  }: Size & {
    readonly components: Components;
    readonly errors: ReadonlyMap<number, InjectedError>;
    readonly ignoreIndex: number;
  },
): Uint8Array | null {
  // Labels also reach an object across the unlabeled strip around it.
  const isOpen = Uint8Array.from(ids, (id) => (id === -1 || errors.has(id) ? 1 : 0));
  const covered = spreadLabels(labels, { width, height, isOpen });
  return covered?.map((label, pixel) => (ids[pixel] === -1 ? ignoreIndex : label)) ?? null;
}

/** Draws a component with this label at its place moved by `shift`; what leaves the image is cut off. */
function drawObject(
  target: Uint8Array,
  {
    width,
    height,
    components: { ids, boxes },
    id,
    label,
    shift: [moveX, moveY],
  }: Size & {
    readonly components: Components;
    readonly id: number;
    readonly label: number;
    readonly shift: readonly [x: number, y: number];
  },
): void {
  const [left = 0, top = 0, right = 0, bottom = 0] = boxes.subarray(4 * id, 4 * id + 4);
  for (let y = Math.max(top, -moveY); y <= Math.min(bottom, height - 1 - moveY); y++) {
    for (let x = Math.max(left, -moveX); x <= Math.min(right, width - 1 - moveX); x++) {
      if (ids[y * width + x] === id) target[(y + moveY) * width + x + moveX] = label;
    }
  }
}
