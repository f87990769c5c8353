/** Runs `coarsely export-labels` and reads its summary. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeLabelPng } from 'coarsely/data';
import { encode } from 'fast-png';
import { expect, test } from 'vitest';
import { coarsely } from './run-command.js';

test('coarsely export-labels says what was written and how to read it back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'export-command-'));
  try {
    const [dataset, out] = [join(folder, 'data set'), join(folder, 'out')];
    for (const place of ['images/train', 'images/test', 'coarse/train']) {
      mkdirSync(join(dataset, place), { recursive: true });
    }
    const size = { width: 6, height: 4 };
    const image = encode({ ...size, data: new Uint8Array(72), channels: 3, depth: 8 });
    writeFileSync(join(dataset, 'images/train/a.png'), image);
    writeFileSync(join(dataset, 'coarse/train/a.png'), encodeLabelPng(new Uint8Array(24).fill(1, 12), size));
    writeFileSync(join(dataset, 'classes.json'), JSON.stringify(['road', 'car']));
    const words = ['export-labels', dataset, out, '--labels', 'coarse', '--format', 'labelme'];
    const { stdout, stderr, code } = await coarsely(words);
    expect(stderr).toBe(`note: ${dataset}/images/test: has no labels in coarse, and is left out\n`);
    expect(stdout).toBe(
      `wrote the coarse labels of 1 image to ${out} (train 1)\n` +
        '2 shapes, whose outlines follow the labels within 1 px\n' +
        `read them back: coarsely import ${out} ${out}-imported --format labelme --images '${dataset}/images'\n`,
    );
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['labels.txt', 'train']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
