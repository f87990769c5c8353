/** Writes the list of classes of a dataset folder: `classes.json`. */

import type { DatasetClass } from '../data/index.js';

/** Returns the text of `classes.json`, one class a line. */
export function classesText(classes: readonly DatasetClass[]): string {
  const lines = classes.map(({ name, color }) => `    ${JSON.stringify({ name, color })}`);
  return `{\n  "classes": [\n${lines.join(',\n')}\n  ]\n}\n`;
}
