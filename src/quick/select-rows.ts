/** Shows some rows of a table as a table of their own, which shares its memory: a subset of the images, or of the pixels. */

import type { FeatureRows } from './feature-rows.js';

/**
 * Returns the given rows of a table, in their order, as rows from 0 on. They are valid as long as the table is open and
 * none of its images is replaced.
 *
 * @param rows the numbers of rows of the table; a row may stand several times
 */
export function selectRows(table: FeatureRows, rows: Uint32Array): FeatureRows {
  const { labels, imageIndices, places } = table;
  const placesOf = new Float32Array(2 * rows.length);
  for (const [place, row] of rows.entries()) {
    placesOf[2 * place] = places[2 * row] as number;
    placesOf[2 * place + 1] = places[2 * row + 1] as number;
  }
  return {
    length: rows.length,
    channels: table.channels,
    labels: Uint8Array.from(rows, (row) => labels[row] as number),
    imageIndices: rows.map((row) => imageIndices[row] as number),
    places: placesOf,
    batch: (chosen, options) =>
      table.batch(
        chosen.map((place) => rows[place] as number),
        options,
      ),
  };
}
