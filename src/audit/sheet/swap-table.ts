/** Writes the table of which class is suggested for which; of many classes the largest swaps alone. */

import { formatCount } from '../../format/index.js';
import { type Html, html } from '../../report/internal.js';
import type { Audit } from '../audit.js';
import { chip } from './class-chip.js';

/** Limits the classes of a whole table, and the swaps of a list. */
const mostClasses = 24;
const mostSwaps = 30;

/** Holds a pair of classes with the pixels that are expected to be wrong. */
export interface Swap {
  readonly given: string;
  readonly suggested: string;
  readonly pixels: number;
}

/** Returns the pairs of classes, those with most expected wrong pixels first. */
export function largestSwaps({ swaps, classes }: Pick<Audit, 'swaps' | 'classes'>): Swap[] {
  return swaps
    .flatMap((row, given) =>
      row.map((pixels, suggested) => ({
        given: classes[given]?.name ?? '',
        suggested: classes[suggested]?.name ?? '',
        pixels,
      })),
    )
    .filter(({ pixels }) => pixels > 0)
    .sort((a, b) => b.pixels - a.pixels);
}

/** Returns the table as HTML. */
export function swapTable(audit: Audit): Html {
  const { classes, swaps } = audit;
  const largest = largestSwaps(audit);
  if (largest.length === 0) return html`<p>Nothing is suspected.</p>`;
  if (classes.length > mostClasses) {
    return html`<div class="wide"><table><thead><tr><th scope="col">given</th><th scope="col">suggested</th><th scope="col">pixels</th></tr></thead>
<tbody>${largest
      .slice(0, mostSwaps)
      .map(
        ({ given, suggested, pixels }) =>
          html`<tr><td>${chip(classes, given)}</td><td>${chip(classes, suggested)}</td><td>${formatCount(Math.round(pixels))}</td></tr>`,
      )}</tbody></table></div>`;
  }
  const most = largest[0]?.pixels ?? 1;
  return html`<div class="wide"><table class="swaps"><thead><tr><th scope="col">given</th>${classes.map(({ name }) => html`<th scope="col">${chip(classes, name)}</th>`)}</tr></thead>
<tbody>${swaps.map(
    (row, given) =>
      html`<tr><th scope="row">${chip(classes, classes[given]?.name ?? '')}</th>${row.map((pixels) => swapCell(pixels, most))}</tr>`,
  )}</tbody></table></div>`;
}

function swapCell(pixels: number, most: number): Html {
  if (Math.round(pixels) === 0) return html`<td></td>`;
  const strength = (100 * Math.sqrt(pixels / most)).toFixed(0);
  return html`<td style="--strength:${strength}%">${formatCount(Math.round(pixels))}</td>`;
}
