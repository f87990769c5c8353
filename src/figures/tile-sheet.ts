/** Draws pictures side by side, with their titles and color scales. */

import { type ColorScale, cssColor, lightColors } from './palette.js';
import { drawLegend, type LegendEntry } from './plot/legend.js';
import { element, type Frame, fontSize, svgDocument, text, textWidth } from './plot/svg.js';

/** Holds one picture with its title. */
export interface Tile {
  readonly title: string;
  /** Holds the picture as a data URI. */
  readonly source: string;
  /** Gives the color scale with the numbers at its ends; null for pictures that need none. */
  readonly key: { readonly scale: ColorScale; readonly ends: readonly [string, string] } | null;
  /** A short remark in place of the color scale. */
  readonly note?: string;
}

/** Describes a sheet of pictures. */
export interface TileSheet {
  readonly title: string;
  readonly subtitle: string;
  readonly columns: number;
  /** Width over height of every picture. */
  readonly aspect: number;
  /** Lists the pictures, row by row. */
  readonly tiles: readonly Tile[];
  /** Names and colors below the pictures. */
  readonly legend?: readonly LegendEntry[];
}

const gap = 18;
const edge = 20;
const headHeight = 68;
const captionHeight = 46;
const keyWidth = 96;

/** Draws the sheet as an SVG document. */
export function drawTileSheet({ title, subtitle, columns, aspect, tiles, legend = [] }: TileSheet): string {
  // Narrower where there are many, so that the sheet still fits a page.
  const tileWidth = columns > 3 ? 300 : 360;
  const tileHeight = tileWidth / aspect;
  const width = 2 * edge + columns * tileWidth + (columns - 1) * gap;
  const rows = Math.ceil(tiles.length / columns);
  const bottom = headHeight + rows * (tileHeight + captionHeight);
  const key = drawLegend(legend, { left: edge, right: width - edge, top: bottom + 6 });
  const drawn = tiles.map((tile, place) =>
    drawTile(tile, {
      left: edge + (place % columns) * (tileWidth + gap),
      top: headHeight + Math.floor(place / columns) * (tileHeight + captionHeight),
      width: tileWidth,
      height: tileHeight,
    }),
  );
  return svgDocument({ width, height: key.bottom + 14, description: `${title}: ${subtitle}` }, [
    text(title, { x: edge, y: 32, size: fontSize.title, weight: 600 }),
    text(subtitle, { x: edge, y: 53, color: lightColors.muted }),
    ...drawn,
    ...key.marks,
  ]);
}

function drawTile({ title, source, key, note }: Tile, { left, top, width, height }: Frame): string {
  const line = top + height + 18;
  const right = left + width;
  return element('g', { class: 'tile' }, [
    element('rect', { x: left, y: top, width, height, fill: lightColors.line }),
    element('image', { x: left, y: top, width, height, href: source }),
    text(title, { x: left, y: line, weight: 600 }),
    ...(note === undefined
      ? []
      : [text(note, { x: right, y: line, anchor: 'end', color: lightColors.muted })]),
    ...(key === null ? [] : drawKey(key, { right, line })),
  ]);
}

function drawKey(
  { scale, ends }: NonNullable<Tile['key']>,
  { right, line }: { readonly right: number; readonly line: number },
): string[] {
  const [low, high] = ends;
  const end = right - textWidth(high, fontSize.small) - 6;
  const step = keyWidth / scale.length;
  const number = { y: line, anchor: 'end', size: fontSize.small, color: lightColors.muted } as const;
  const bars = scale.map((color, index) =>
    element('rect', {
      x: end - keyWidth + index * step,
      y: line - 9,
      width: step + 0.5,
      height: 10,
      fill: cssColor(color),
    }),
  );
  return [text(low, { ...number, x: end - keyWidth - 6 }), ...bars, text(high, { ...number, x: right })];
}
