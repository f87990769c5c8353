/** `coarsely import`, as a person runs it. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImportSummary } from 'coarsely/importers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importText } from '#cli/commands/import/import-text.js';
import { rgbPng, valuePng } from '../importers/import-files.js';
import { coarsely } from './run-command.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'coarsely-cli-import-'));
  const size = { width: 8, height: 4 };
  for (const [index, name] of ['one', 'two', 'three'].entries()) {
    mkdirSync(join(root, 'export/images'), { recursive: true });
    mkdirSync(join(root, 'export/masks'), { recursive: true });
    writeFileSync(
      join(root, `export/images/${name}.png`),
      rgbPng(size, (pixel) => [pixel, index, 0]),
    );
    writeFileSync(
      join(root, `export/masks/${name}.png`),
      valuePng(size, (pixel) => Math.floor(pixel / 11)),
    );
  }
  writeFileSync(join(root, 'export/classes.txt'), 'background\nroad\ncar\n');
});
afterAll(() => rmSync(root, { recursive: true }));

test('imports, says what it did and what to run next', async () => {
  const { code, stdout, stderr } = await coarsely(
    ['import', 'export', 'data set', '--classes', 'car=vehicle,*'],
    {
      cwd: root,
    },
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain('export  plain masks (masks/one.png for images/one.png), 3 images imported');
  expect(stdout).toMatch(/^split {2}images {2}labeled % in coarse\ntrain +2 +65\.6\nval +1 +65\.6$/m);
  expect(stdout).toMatch(/^vehicle +47\.6 +3 +3 +car$/m);
  expect(stdout).toContain(
    '  ! 1 × the background that the tool writes where nobody drew is taken as not labeled',
  );
  expect(stdout).toContain('  · 3 images are hard links; --copy makes copies');
  expect(stdout.trimEnd()).toMatch(/coarsely check 'data set'$/);
});

test('names of files reach the terminal without control characters', () => {
  const summary: ImportSummary = {
    source: 'a\u001b[2Jb',
    output: 'out',
    format: 'own',
    title: 'Own',
    recognizedBy: 'x\ny',
    labels: 'coarse',
    given: 2,
    images: 1,
    splits: [{ name: 'train', images: 1, labeledShare: 0.5, points: 3 }],
    classes: [{ name: 'c\u0007', color: [1, 2, 3], from: ['p', 'q'], annotations: 4, images: 1, share: 1 }],
    leftOutClasses: [],
    placements: { copy: 1 },
    findings: [{ code: 'x', message: 'found', count: 7, examples: ['e\u001b'] }],
    notes: [],
  };
  // The colors of the output itself are allowed; some terminals and every CI get them.
  const text = importText(summary).replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');
  for (const dangerous of ['\u001b[2J', '\u0007', 'e\u001b', 'x\ny']) expect(text).not.toContain(dangerous);
  expect(text).toContain('a\\u001b[2Jb');
  expect(text).toContain('1 of 2 images imported');
  expect(text).toContain('and 6 more');
  expect(text).toMatch(/p, q/);
});
