/** Reads what CVAT exports as "CVAT for images 1.1": one XML file for a task, a job or a whole project. */

import { open } from 'node:fs/promises';
import { extname, join, posix } from 'node:path';
import { DataError } from '../../errors/index.js';
import type { AnnotatedImage, ListedClass } from '../annotations.js';
import { ImageFinder } from '../image-finder.js';
import type { Importer, ImportSource } from '../importer.js';
import { imagesOf, type Pass, reportUnused } from '../reading.js';
import { splitOfFolders, splitOfWord } from '../split-names.js';
import { readHeader, readImages } from './cvat-file.js';

/** Counts the XML files that are looked at, as Pascal VOC has one for each of many thousand images. */
const mostLookedAt = 12;
const headLength = 4096;

/** Reads the XML files of CVAT. */
export const cvat: Importer = {
  format: 'cvat',
  title: 'CVAT',
  looksFor: 'an .xml file that begins with <annotations> ("CVAT for images 1.1")',
  recognize: async (source) => {
    for (const file of xmlFiles(source).slice(0, mostLookedAt)) {
      if (await isCvat(join(source.root, file))) return `${file} begins with <annotations>`;
    }
    return null;
  },
  open: async (source, options) => {
    const files: string[] = [];
    for (const file of xmlFiles(source)) {
      // A file that a person names is read whatever it looks like, so that they hear what is wrong with it.
      if (source.path !== source.root || (await isCvat(join(source.root, file)))) files.push(file);
      else {
        const message = 'an .xml file that does not begin with <annotations> is left out';
        options.onFinding({ code: 'other-file', message, example: file });
      }
    }
    if (files.length === 0) {
      throw new DataError(
        `${source.path}: has no .xml file that begins with <annotations>, as CVAT writes it`,
      );
    }
    const headers = await Promise.all(files.map((file) => readHeader(join(source.root, file))));
    const classes = new Map<string, ListedClass>();
    for (const listed of headers.flatMap((header) => header.classes ?? [])) {
      if (!classes.has(listed.name)) classes.set(listed.name, listed);
    }
    const counts = headers.map(({ count }) => count);
    return {
      classes: classes.size === 0 ? null : [...classes.values()],
      count: counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
      images: imagesOf(options, (pass) => images(source, { files, pass })),
    };
  },
};

function xmlFiles({ files }: ImportSource): string[] {
  return files.filter((file) => extname(file).toLowerCase() === '.xml');
}

async function isCvat(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null);
  if (file === null) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headLength), 0, headLength, 0);
    const encoding = buffer[0] === 0xff && buffer[1] === 0xfe ? 'utf16le' : 'utf8';
    const text = buffer.toString(encoding, 0, bytesRead).replace(/<!--[\s\S]*?-->/g, '');
    // One with a document type is refused when it is read, in words that say why.
    return /^\uFEFF?\s*(<\?[\s\S]*?\?>\s*)?(<!DOCTYPE[^[>]*(\[[^\]]*\]\s*)?>\s*)?<annotations[\s/>]/.test(
      text,
    );
  } finally {
    await file.close();
  }
}

async function* images(
  source: ImportSource,
  { files, pass }: { readonly files: readonly string[]; readonly pass: Pass },
): AsyncGenerator<AnnotatedImage> {
  const finder = await ImageFinder.create(source, pass);
  for (const file of files) {
    const path = join(source.root, file);
    for await (const { name, size, subset, annotations } of readImages(path, { file, report: pass.report })) {
      const here = posix.dirname(file);
      const folders = [
        ...(subset === null ? [] : [posix.join(here, 'images', subset)]),
        posix.join(here, 'images'),
      ];
      yield {
        fileName: name,
        path: finder.find(name, {
          from: file,
          folders: folders.filter((folder) => !folder.startsWith('..')),
        }),
        size,
        split: splitOf({ subset, name, file }),
        annotations,
        source: path,
      };
    }
  }
  reportUnused(finder, pass);
}

/** Returns the split that a subset is named after, or one that a folder names. */
function splitOf({
  subset,
  name,
  file,
}: {
  readonly subset: string | null;
  readonly name: string;
  readonly file: string;
}): string | null {
  const stated = subset === null || subset.toLowerCase() === 'default' ? null : subset;
  if (stated !== null) return splitOfWord(stated) ?? stated;
  return splitOfFolders(name.replaceAll('\\', '/')) ?? splitOfFolders(file);
}
