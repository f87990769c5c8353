/** Shows classes by their names and colors. */

import type { DatasetClass } from '../../data/index.js';
import { cssColor } from '../../figures/internal.js';
import { type Html, html } from '../../report/internal.js';

/** Returns the name of a class beside its color. */
export function chip(classes: readonly DatasetClass[], name: string): Html {
  return html`<span class="chip"><i style="background:${colorOf(classes, name)}"></i>${name}</span>`;
}

/** Returns the color of a class as CSS; gray for a class that is not in the list. */
export function colorOf(classes: readonly DatasetClass[], name: string): string {
  return cssColor(classes.find((one) => one.name === name)?.color ?? [128, 128, 128]);
}
