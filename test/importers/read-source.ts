/** Writes the files of an annotation tool for a test, reads them with an importer, and draws what was read. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type AnnotatedImage, type Importer, type ImportFinding, listSource } from 'coarsely/importers';
import { drawAnnotations } from '#importers/draw-annotations.js';
import { drawSparse } from '#importers/draw-sparse.js';
import { rowsOfBytes } from '../support/rows.js';

/** Holds what an importer made of a source. */
export interface ReadSource {
  readonly recognized: string | null;
  readonly classes: readonly string[] | null;
  readonly count: number | null;
  readonly images: readonly AnnotatedImage[];
  /** Lists what was reported, `CODE @ EXAMPLE`, paths without the folder of the test. */
  readonly findings: readonly string[];
}

/**
 * Writes files, and images without content, reads them twice, and returns what came the first time. The path `only` names one
 * file to read in place of the folder.
 */
export async function readSource(
  importer: Importer,
  files: Readonly<Record<string, string | Uint8Array>>,
  {
    pictures = [],
    only,
    images = null,
  }: { readonly pictures?: readonly string[]; readonly only?: string; readonly images?: string | null } = {},
): Promise<ReadSource> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'coarsely-reader-')));
  const withoutRoot = (text: string): string => text.replaceAll(`${root}/`, '');
  try {
    for (const [path, content] of [
      ...Object.entries(files),
      ...pictures.map((path) => [path, ''] as const),
    ]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    const source = await listSource(only === undefined ? root : join(root, only));
    const recognized = await importer.recognize(source);
    const findings: string[] = [];
    const opened = await importer.open(source, {
      images: images === null ? null : join(root, images),
      onFinding: ({ code, example }: ImportFinding) => findings.push(`${code} @ ${withoutRoot(example)}`),
    });
    const found: AnnotatedImage[] = [];
    for await (const image of opened.images()) {
      const path = image.path === null ? null : withoutRoot(image.path);
      found.push({ ...image, path, source: withoutRoot(image.source) });
    }
    const before = findings.length;
    let again = 0;
    for await (const _ of opened.images()) again++;
    if (again !== found.length) throw new Error(`${again} images the second time, ${found.length} the first`);
    if (findings.length !== before) throw new Error('findings came twice');
    const classes = opened.classes?.map(({ name }) => name) ?? null;
    return {
      recognized: recognized && withoutRoot(recognized),
      classes,
      count: opened.count,
      images: found,
      findings,
    };
  } catch (error) {
    if (error instanceof Error) error.message = withoutRoot(error.message);
    throw error;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Holds the pictures of an image's labels as rows of characters: the first letter of each class, `.` where none is. */
export interface DrawnRows {
  readonly areas: readonly string[];
  readonly points: readonly string[];
  readonly findings: readonly string[];
}

/** Draws an image of a size with large shapes first, or in the order that the tool states. */
export function drawRows(
  image: AnnotatedImage | undefined,
  { width, height, order = 'area' }: { width: number; height: number; order?: 'area' | 'file' | 'z' },
): DrawnRows {
  if (image === undefined) throw new Error('no image');
  const names = [...new Set(image.annotations.flatMap(({ className }) => className ?? []))];
  const labels = new Map(names.map((name, label) => [name, label]));
  const characters: Record<number, string> = { 255: '.' };
  for (const [label, name] of names.entries()) characters[label] = name.slice(0, 1);
  const findings: string[] = [];
  const onFinding = ({ code, example }: ImportFinding): void => {
    findings.push(`${code} @ ${example}`);
  };
  const size = { width, height };
  const { values } = drawAnnotations(image, { ...size, labels, order, onFinding });
  const { values: sparse } = drawSparse(image, { ...size, labels, onFinding });
  return {
    areas: rowsOfBytes(values, { width, characters }),
    points: sparse === null ? [] : rowsOfBytes(sparse, { width, characters }),
    findings,
  };
}
