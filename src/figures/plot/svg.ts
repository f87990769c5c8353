/** Writes SVG as text: elements, whose attributes and text are escaped, and the document around them. */

import { lightColors } from '../palette.js';

const fontFamily = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** Lists the font sizes of drawings, in pixels. */
export const fontSize = { title: 17, heading: 14, text: 12, small: 11 } as const;

/** Bounds a rectangle, in pixels. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/**
 * Writes an element with its attributes; those that are undefined are left out.
 *
 * @param children markup; `text` makes it from a plain string
 */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(typeof value === 'number' ? short(value) : String(value))}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

/** Places and styles a text; (x, y) is on its baseline. */
export interface TextOptions {
  readonly x: number;
  readonly y: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly weight?: 400 | 600;
  readonly color?: string;
  /** Rotates the text clockwise around (x, y), in degrees. */
  readonly rotate?: number;
}

/** Writes a line of text. */
export function text(content: string, options: TextOptions): string {
  const {
    x,
    y,
    anchor = 'start',
    size = fontSize.text,
    weight = 400,
    color = lightColors.ink,
    rotate,
  } = options;
  const attributes = {
    x,
    y,
    fill: color,
    'font-size': size,
    'font-weight': weight === 400 ? undefined : weight,
    'text-anchor': anchor === 'start' ? undefined : anchor,
    transform: rotate === undefined ? undefined : `rotate(${rotate} ${short(x)} ${short(y)})`,
  };
  return element('text', attributes, [escaped(content)]);
}

/** Estimates the width of a text in pixels: a sans-serif letter is on average 0.56 times as wide as the font size. */
export function textWidth(content: string, size: number = fontSize.text): number {
  return content.length * size * 0.56;
}

/** Configures a document. */
export interface DocumentOptions {
  readonly width: number;
  readonly height: number;
  /** Says in words what is drawn, for readers who cannot see it. */
  readonly description: string;
}

/** Writes a complete SVG file with a white background. */
export function svgDocument(
  { width, height, description }: DocumentOptions,
  children: readonly string[],
): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${short(width)} ${short(height)}`,
    role: 'img',
    'font-family': fontFamily,
  };
  const ground = element('rect', { width, height, fill: lightColors.card });
  return `${element('svg', attributes, [element('title', {}, [escaped(description)]), ground, ...children])}\n`;
}

function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Rounds to hundredths of a pixel, which keeps files small. */
function short(value: number): string {
  return String(Number(value.toFixed(2)));
}
