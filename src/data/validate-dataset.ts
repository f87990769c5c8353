/** A dataset checked before anything expensive begins. */

import { checkDataset, type DatasetDescription } from './dataset.js';
import { problemsError } from './folder-files.js';

/**
 * Throws one DataError (the first problem, and how many more) unless the dataset can be used; otherwise returns the
 * number of samples. The quick check reads headers: files exist in pairs, sizes agree, some pixel is labelled. With
 * `deep` every file is decoded, so that damaged images and labels outside the class list are found as well.
 */
export async function validateDataset(
  description: DatasetDescription,
  { deep = false }: { readonly deep?: boolean } = {},
): Promise<number> {
  const { length, problems } = await checkDataset(description, { deep });
  if (problems.length > 0) throw problemsError(problems);
  return length;
}
