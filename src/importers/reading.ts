/** Holds what readers of annotation tools have in common: what they report, and which files they look at first. */

import { posix } from 'node:path';
import { DataError } from '../errors/index.js';
import type { ImageFinder } from './image-finder.js';
import type { ImportFinding, ImportSource, OpenedSource, ReadOptions } from './importer.js';

/** Receives a finding: its code, what it says, and the place in a file. */
export type Report = (code: string, message: string, place: string) => void;

/** Returns a function that hands findings on as `ImportFinding`. */
export function reportTo(onFinding: (finding: ImportFinding) => void): Report {
  return (code, message, example) => onFinding({ code, message, example });
}

/** Is what a reader of images is given: the options, whose findings are heard the first time only, and a report into them. */
export type Pass = ReadOptions & { readonly report: Report };

/** Returns the images of a source as often as asked; findings are reported the first time only. */
export function imagesOf(
  options: ReadOptions,
  read: (pass: Pass) => ReturnType<OpenedSource['images']>,
): OpenedSource['images'] {
  let isFirst = true;
  return () => {
    const onFinding = isFirst ? options.onFinding : () => {};
    isFirst = false;
    return read({ ...options, onFinding, report: reportTo(onFinding) });
  };
}

/** Counts the files that recognition looks into. */
const mostLookedAt = 4;

/** Returns the files with an extension that lie nearest to the root, a few of them: those that recognition looks into. */
export function nearestFiles(source: ImportSource, matches: (file: string) => boolean): string[] {
  const depth = (file: string) => file.split('/').length;
  return source.files
    .filter(matches)
    .sort((a, b) => depth(a) - depth(b))
    .slice(0, mostLookedAt);
}

/** Returns a path without its extension. */
export function stemOf(path: string): string {
  return path.slice(0, path.length - posix.extname(path).length);
}

/** Returns what `read` gives, or null after reporting that a file is damaged: the others are read all the same. */
export async function unlessDamaged<Value>(
  read: () => Promise<Value>,
  { report }: Pick<Pass, 'report'>,
): Promise<Value | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    report('unreadable-file', 'a file that cannot be read is left out, with its image', error.message);
    return null;
  }
}

/** Reports the images that lie beside those of the files of annotations, and that none of them names. */
export function reportUnused(finder: ImageFinder, { report }: Pick<Pass, 'report'>): void {
  for (const { file } of finder.unused()) {
    report('image-without-annotations', 'an image that no file of annotations names is left out', file);
  }
}

/** Returns whether a class of this name is what a tool calls the pixels that nobody labeled. */
export function isBackgroundName(name: string): boolean {
  return /^_*(background|unlabell?ed|unlabell?ed_?pixels?)_*$/i.test(name.trim());
}

/** Says that a tool's background is taken as not labeled. */
export const backgroundMessage =
  'the background that the tool writes where nobody drew is taken as not labeled; --unlabeled background makes it a class';
