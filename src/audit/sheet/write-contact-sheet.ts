/** Reads the images of the first regions and writes the contact sheet. */

import { readFile } from 'node:fs/promises';
import type { SegmentationDataset } from '../../data/index.js';
import { writeTextAtomically } from '../../files/index.js';
import { readStyles } from '../../report/internal.js';
import type { Audit } from '../audit.js';
import type { SuspectRegion } from '../suspect-region.js';
import { renderContactSheet, type ShownRegion } from './contact-sheet.js';
import { regionPicture } from './region-picture.js';

/** Configures `writeContactSheet`. */
export interface ContactSheetOptions {
  readonly audit: Audit;
  /** Lists the regions that are shown. */
  readonly regions: readonly SuspectRegion[];
  readonly files: SegmentationDataset;
}

/**
 * Writes the page.
 *
 * @throws {DataError} naming the file when an image cannot be read
 * @throws {FileError} when the page cannot be written
 */
export async function writeContactSheet(
  path: string,
  { audit, regions, files }: ContactSheetOptions,
): Promise<void> {
  const ownStyle = readFile(new URL('./contact-sheet.css', import.meta.url), 'utf8');
  const style = [await readStyles(['page', 'tables']), await ownStyle].join('\n');
  writeTextAtomically(
    path,
    renderContactSheet({ audit, shown: await picturesOf(regions, { audit, files }), style }),
  );
}

/** Returns the regions with their pictures, in their order; each image is read once. */
async function picturesOf(
  regions: readonly SuspectRegion[],
  { audit, files }: Pick<ContactSheetOptions, 'audit' | 'files'>,
): Promise<ShownRegion[]> {
  const nameOf = ({ split, image }: SuspectRegion) =>
    audit.split.includes('+') ? `${split}/${image}` : image;
  const byImage = new Map<string, SuspectRegion[]>();
  for (const region of regions) {
    const name = nameOf(region);
    byImage.set(name, [...(byImage.get(name) ?? []), region]);
  }
  const shown = new Map<SuspectRegion, ShownRegion>();
  for (let index = 0; index < files.length; index++) {
    const own = byImage.get(files.name(index));
    if (own === undefined) continue;
    const sample = await files.read(index);
    for (const region of own) shown.set(region, { region, picture: await regionPicture(region, sample) });
  }
  return regions.flatMap((region) => shown.get(region) ?? []);
}
