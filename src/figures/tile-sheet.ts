/** Pictures side by side with titles and color scales, as one drawing. */

import type { ColorScale } from './color-map.js';
import type { Frame } from './plot/plot.js';
import { element, svgDocument, text } from './plot/svg.js';
import { fontSize, grid, muted } from './plot/theme.js';

export interface Tile {
  readonly title: string;
  /** A data URI. */
  readonly source: string;
  /** What colors mean, lowest first; null for pictures that need no key. */
  readonly key: { readonly scale: ColorScale; readonly ends: readonly [string, string] } | null;
  /** A short remark in the key's place. */
  readonly note?: string;
}

export interface TileSheet {
  readonly title: string;
  readonly subtitle: string;
  readonly columns: number;
  /** Width over height of every picture. */
  readonly aspect: number;
  /** Row by row. */
  readonly tiles: readonly Tile[];
  /** Names and colors below the pictures. */
  readonly legend?: readonly { readonly name: string; readonly color: string }[];
}

const gap = 18;
const edge = 20;
const head = 68;
const below = 46;

export function drawTileSheet({ title, subtitle, columns, aspect, tiles, legend = [] }: TileSheet): string {
  // Narrower where there are many, so that the sheet still fits a page.
  const tileWidth = columns > 3 ? 300 : 360;
  const tileHeight = tileWidth / aspect;
  const width = 2 * edge + columns * tileWidth + (columns - 1) * gap;
  const rows = Math.ceil(tiles.length / columns);
  const bottom = head + rows * (tileHeight + below);
  const key = drawLegend(legend, { top: bottom + 6, width });
  const drawn = tiles.map((tile, place) =>
    drawTile(tile, {
      left: edge + (place % columns) * (tileWidth + gap),
      top: head + Math.floor(place / columns) * (tileHeight + below),
      width: tileWidth,
      height: tileHeight,
    }),
  );
  return svgDocument({ width, height: key.bottom + 14, description: `${title}: ${subtitle}` }, [
    text(title, { x: edge, y: 32, size: fontSize.title, weight: 600 }),
    text(subtitle, { x: edge, y: 53, color: muted }),
    ...drawn,
    ...key.marks,
  ]);
}

function drawTile({ title, source, key, note }: Tile, { left, top, width, height }: Frame): string {
  const line = top + height + 18;
  const right = left + width;
  return element('g', { class: 'tile' }, [
    element('rect', { x: left, y: top, width, height, fill: grid }),
    element('image', { x: left, y: top, width, height, href: source }),
    text(title, { x: left, y: line, weight: 600 }),
    ...(note === undefined ? [] : [text(note, { x: right, y: line, anchor: 'end', color: muted })]),
    ...(key === null ? [] : drawKey(key, { right, line })),
  ]);
}

function drawKey(
  { scale, ends }: NonNullable<Tile['key']>,
  { right, line }: { readonly right: number; readonly line: number },
): string[] {
  const width = 96;
  const [low, high] = ends;
  const highWidth = high.length * fontSize.small * 0.58;
  const to = right - highWidth - 6;
  const step = width / scale.length;
  const bars = scale.map((color, index) =>
    element('rect', {
      x: to - width + index * step,
      y: line - 9,
      width: step + 0.5,
      height: 10,
      fill: `rgb(${color.join(',')})`,
    }),
  );
  return [
    text(low, { x: to - width - 6, y: line, anchor: 'end', size: fontSize.small, color: muted }),
    ...bars,
    text(high, { x: right, y: line, anchor: 'end', size: fontSize.small, color: muted }),
  ];
}

function drawLegend(
  legend: NonNullable<TileSheet['legend']>,
  { top, width }: { readonly top: number; readonly width: number },
): { readonly marks: string[]; readonly bottom: number } {
  if (legend.length === 0) return { marks: [], bottom: top - 20 };
  let x = edge;
  let y = top;
  const marks = legend.flatMap(({ name, color }) => {
    const space = 34 + name.length * fontSize.text * 0.56;
    if (x > edge && x + space > width - edge) {
      x = edge;
      y += 20;
    }
    const sign = element('rect', { x, y: y - 10, width: 12, height: 12, rx: 2, fill: color });
    const label = text(name, { x: x + 18, y });
    x += space;
    return [sign, label];
  });
  return { marks, bottom: y };
}
