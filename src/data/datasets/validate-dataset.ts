/** A dataset checked before anything expensive begins. */

import { problemsError } from '../files/folder-files.js';
import type { DatasetDescription } from './dataset.js';
import { checkDataset } from './registry.js';

/**
 * Throws one DataError (the first problem, and how many more) unless the dataset can be used; otherwise returns the
 * number of samples. The quick check reads headers, ends and some label files: files exist in pairs, none breaks off,
 * sizes agree, labels are in the class list, some pixel is labeled. With `deep` every file is decoded, which finds
 * every damaged one too.
 */
export async function validateDataset(
  description: DatasetDescription,
  { deep = false }: { readonly deep?: boolean } = {},
): Promise<number> {
  const { length, problems } = await checkDataset(description, { deep });
  if (problems.length > 0) throw problemsError(problems);
  return length;
}
