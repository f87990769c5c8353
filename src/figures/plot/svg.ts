/** SVG as text: elements that escape what they are given, and the document around them. */

import { fontFamily, fontSize, ink, paper } from './theme.js';

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** `children` are markup already; `text()` makes such of a plain string. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(typeof value === 'number' ? short(value) : String(value))}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export interface TextOptions {
  readonly x: number;
  /** Of the baseline. */
  readonly y: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly weight?: 400 | 600;
  readonly color?: string;
  /** Degrees around (x, y). */
  readonly rotate?: number;
}

export function text(content: string, options: TextOptions): string {
  const { x, y, anchor = 'start', size = fontSize.text, weight = 400, color = ink, rotate } = options;
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

export interface DocumentOptions {
  readonly width: number;
  readonly height: number;
  /** The drawing in words, for those who can't see it. */
  readonly description: string;
}

/** A whole SVG file on a white ground. */
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
  const ground = element('rect', { width, height, fill: paper });
  return `${element('svg', attributes, [element('title', {}, [escaped(description)]), ground, ...children])}\n`;
}

function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Hundredths of a pixel are enough, and keep files small. */
function short(value: number): string {
  return String(Number(value.toFixed(2)));
}
