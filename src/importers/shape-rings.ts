/** Turns boxes, circles and ellipses, which annotation tools store by a few numbers, into the rings of polygons. */

import type { Ring } from '../geometry/index.js';

/** Is the greatest distance in pixels between a curve and the ring that stands for it. */
const curveTolerance = 0.05;
/** Bounds the vertices of a ring, where a file states a radius beyond any image. */
const mostVertices = 20_000;

/** Describes a box by its edges before it was turned, in pixels. */
export interface TurnedBox {
  readonly left: number;
  readonly top: number;
  /** May be negative: tools store boxes as they were drawn, from any corner. */
  readonly width: number;
  readonly height: number;
  /** Turns the box clockwise as seen on the screen, in degrees. */
  readonly rotation?: number;
  /** Says what stays in place: the center (CVAT), or the corner at `left` and `top` (Label Studio). */
  readonly about?: 'center' | 'corner';
}

/** Returns the ring of a box: its four corners in pixels, beginning with that at `left` and `top`. */
export function boxRing({ left, top, width, height, rotation = 0, about = 'center' }: TurnedBox): Ring {
  const ring = [left, top, left + width, top, left + width, top + height, left, top + height];
  if (rotation === 0) return ring;
  const [x, y] = about === 'corner' ? [left, top] : [left + width / 2, top + height / 2];
  return turnRing(ring, { x, y, rotation });
}

/** Describes an ellipse by its center and half axes, in pixels. */
export interface TurnedEllipse {
  readonly x: number;
  readonly y: number;
  readonly radiusX: number;
  readonly radiusY: number;
  /** Turns the ellipse about its center, clockwise as seen on the screen, in degrees. */
  readonly rotation?: number;
}

/** Returns a ring with its vertices on an ellipse, no point of which is further than 0.05 pixels from the ring. */
export function ellipseRing({ x, y, radiusX, radiusY, rotation = 0 }: TurnedEllipse): Ring {
  const radius = Math.max(Math.abs(radiusX), Math.abs(radiusY));
  // A number that is none stays in the ring, so that drawing names it.
  if (!Number.isFinite(radius)) return boxRing({ left: x, top: y, width: radiusX, height: radiusY });
  const angle = Math.acos(1 - Math.min(1, curveTolerance / Math.max(radius, curveTolerance)));
  // Multiples of four reach the ends of both axes, so that the ring is as wide and high as the ellipse.
  const quarter = Math.min(mostVertices / 4, Math.max(2, Math.ceil(Math.PI / angle / 4)));
  const ring: number[] = [];
  for (let vertex = 0; vertex < 4 * quarter; vertex++) {
    const turn = (vertex * Math.PI) / (2 * quarter);
    ring.push(x + radiusX * Math.cos(turn), y + radiusY * Math.sin(turn));
  }
  return rotation === 0 ? ring : turnRing(ring, { x, y, rotation });
}

/** Returns a ring for a circle by its center and radius in pixels, as close to it as `ellipseRing`. */
export function circleRing({ x, y, radius }: { x: number; y: number; radius: number }): Ring {
  return ellipseRing({ x, y, radiusX: radius, radiusY: radius });
}

/** Turns a ring about (x, y), clockwise as seen on the screen, where y grows downward. */
function turnRing(
  ring: Ring,
  { x, y, rotation }: { readonly x: number; readonly y: number; readonly rotation: number },
): Ring {
  const angle = (rotation * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return ring.map((_, place) => {
    const dx = (ring[place - (place % 2)] as number) - x;
    const dy = (ring[place - (place % 2) + 1] as number) - y;
    return place % 2 === 0 ? x + dx * cosine - dy * sine : y + dx * sine + dy * cosine;
  });
}
