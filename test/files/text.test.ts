/** Tests that text files are read with and without a byte order mark, and that every reader of JSON uses one function. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeText, parseJson } from '#files/text.js';

const utf8Mark = [0xef, 0xbb, 0xbf];

describe('decodeText', () => {
  it('leaves out the mark of UTF-8', () => {
    expect(decodeText(Buffer.from([...utf8Mark, ...Buffer.from('é: 1\r\n')]))).toBe('é: 1\r\n');
    expect(decodeText(Buffer.from('é: 1'))).toBe('é: 1');
  });

  it('reads UTF-16 of both byte orders by their mark', () => {
    const little = Buffer.from('\uFEFFnäme: 1', 'utf16le');
    const big = Buffer.from(little).swap16();
    expect(decodeText(little)).toBe('näme: 1');
    expect(decodeText(big)).toBe('näme: 1');
  });

  it('refuses an older encoding rather than to guess letters', () => {
    expect(() => decodeText(Buffer.from('näme', 'latin1'))).toThrow(
      new SyntaxError('not UTF-8 text; save the file as UTF-8'),
    );
  });
});

describe('parseJson', () => {
  it('takes text and bytes, with a mark and line ends of Windows', () => {
    expect(parseJson('\uFEFF{"a":\r\n1}\r\n')).toEqual({ a: 1 });
    expect(parseJson(Buffer.from([...utf8Mark, ...Buffer.from('[1]')]))).toEqual([1]);
    expect(() => parseJson('{')).toThrow(SyntaxError);
  });

  it('is used by every reader of JSON in src', () => {
    // A binary header has no mark, pages in a browser have no files, and the others copy values of their own.
    const exceptions = [
      'files/text.ts',
      'report/browser/page.ts',
      'torch/files/safetensors-header.ts',
      'training/continued-run.ts',
      'training/data-record.ts',
      'training/rank-state.ts',
    ];
    const source = join(import.meta.dirname, '../../src');
    const isNodes = (name: string) => /\.tsx?$/.test(name) && !name.startsWith('web/');
    const users = readdirSync(source, { recursive: true, encoding: 'utf8' })

      .filter((name) => isNodes(name) && readFileSync(join(source, name), 'utf8').includes('JSON.parse('))
      .sort();
    expect(users).toEqual(exceptions);
  });
});
