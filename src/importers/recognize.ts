/** Finds out which annotation tool wrote the files of a source. */

import { extname } from 'node:path';
import { ConfigError, DataError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import type { Importer, ImportSource } from './importer.js';
import { importers } from './importers.js';

/** Holds the importer of a source. */
export interface RecognizedSource {
  readonly importer: Importer;
  /** Says by what the source was recognized; null where a person named the format. */
  readonly by: string | null;
}

/** Returns every importer that recognizes a source, without those for files of any tool where a tool is recognized. */
export async function recognizedFormats(
  source: ImportSource,
  known: readonly Importer[] = importers,
): Promise<{ readonly importer: Importer; readonly by: string }[]> {
  const found: { importer: Importer; by: string }[] = [];
  for (const importer of known) {
    // A damaged file is named when it is read, which needs the tool to be known.
    const by = await importer.recognize(source).catch((error: unknown) => {
      if (error instanceof DataError) return null;
      throw error;
    });
    if (by !== null) found.push({ importer, by });
  }
  const specific = found.filter(({ importer }) => importer.general !== true);
  return specific.length > 0 ? specific : found;
}

/**
 * Returns the importer that reads a source: the one of the given format, or the only one that recognizes it.
 *
 * @throws {ConfigError} for an unknown format
 * @throws {DataError} when none or several importers recognize the source, naming what each looks for or has found
 */
export async function recognizeSource(
  source: ImportSource,
  {
    format,
    known = importers,
  }: { readonly format?: string | undefined; readonly known?: readonly Importer[] } = {},
): Promise<RecognizedSource> {
  if (format !== undefined) return { importer: importerOf(format, known), by: null };
  const found = await recognizedFormats(source, known);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only === undefined) {
    const looked = known.map(({ format: name, looksFor }) => `  ${name}: ${looksFor}`);
    throw new DataError(
      `${source.path}: no annotation tool is recognized in ${describeFiles(source.files)}. Looked for\n${looked.join('\n')}\n` +
        'name the folder that the tool exported, or state the format with --format',
    );
  }
  const lines = found.map(({ importer, by }) => `  --format ${importer.format}: ${by}`);
  throw new DataError(`${source.path}: may come from ${found.length} tools; say which:\n${lines.join('\n')}`);
}

/**
 * Returns the importer of a format.
 *
 * @throws {ConfigError} naming the nearest format when there is none of this name
 */
function importerOf(format: string, known: readonly Importer[]): Importer {
  const importer = known.find((one) => one.format === format);
  if (importer !== undefined) return importer;
  const names = known.map((one) => one.format);
  throw new ConfigError(
    `import: unknown format '${format}'${suggestion(format, names)}; formats are ${names.join(', ')}`,
  );
}

/** Counts files by extension: `120 .jpg, 120 .json`. */
function describeFiles(files: readonly string[]): string {
  if (files.length === 0) return 'an empty folder';
  const counts = new Map<string, number>();
  for (const file of files) {
    const extension = extname(file).toLowerCase() || 'without extension';
    counts.set(extension, (counts.get(extension) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const more = sorted.length > 4 ? ' and others' : '';
  return `${sorted
    .slice(0, 4)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')}${more}`;
}
