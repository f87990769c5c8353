// The documents of the repository, taken apart for the tests that hold them to the code.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const project = join(import.meta.dirname, '../..');

/** Paths of the documents, relative to the project; the API pages are built, not written. */
export const documents = [
  ...readdirSync(project).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(project, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !/^(api|\.vitepress)[/\\]/.test(name))
    .map((name) => join('docs', name)),
].sort();

export interface CodeBlock {
  readonly document: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

export function readDocument(document: string): string {
  return readFileSync(join(project, document), 'utf8');
}

/** Fenced blocks of a language, and for `sh` the indented ones too. */
export function codeBlocks(language: string): CodeBlock[] {
  return documents.flatMap((document) => {
    const text = readDocument(document);
    const fences = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
    const fenced = fences
      .filter(([, of]) => of === language)
      .map(({ index, 2: code = '' }) => ({ document, line: lineAt(text, index), language, text: code }));
    if (language !== 'sh') return fenced;
    const indented = [...text.matchAll(/(?<=\n\n)(?: {4}.*\n)+/g)].map(({ index, 0: code }) => ({
      document,
      line: lineAt(text, index),
      language,
      text: code.replaceAll(/^ {4}/gm, ''),
    }));
    return [...fenced, ...indented];
  });
}

/** What stands in backquotes within a line. */
export function inlineCode(document: string): string[] {
  const prose = readDocument(document).replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
