/** Compares label samples of interlaced PNGs with Pillow's (see pillow-interlaced.py). */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readLabelSamples } from '#data/images/label-samples.js';
import { put, temporaryFolder } from './dataset-folder.js';

interface Case {
  readonly form: string;
  readonly size: readonly [width: number, height: number];
  readonly file: string;
  readonly values: string;
}

const cases = JSON.parse(readFileSync(join(import.meta.dirname, 'pillow-interlaced.json'), 'utf8')) as Case[];

it.each([...new Set(cases.map(({ form }) => form))])('%s has the values that Pillow reads', async (form) => {
  const folder = await temporaryFolder();
  for (const { size, file, values } of cases.filter((one) => one.form === form)) {
    const path = join(folder, `${size.join('x')}.png`);
    await put(path, Buffer.from(file, 'base64'));
    const { samples } = await readLabelSamples(path);
    expect([...samples], size.join('×')).toEqual([...Buffer.from(values, 'base64')]);
  }
});

it('a file with fewer rows than its header states is refused, not filled', async () => {
  const folder = await temporaryFolder();
  const file = Buffer.from(cases.find(({ form }) => form === '2-bit gray')?.file ?? '', 'base64');
  const { crc32 } = await import('node:zlib');
  file.writeUInt32BE(40, 20);
  file.writeUInt32BE(crc32(file.subarray(12, 29)), 29);
  const path = join(folder, 'short.png');
  await put(path, file);
  await expect(readLabelSamples(path)).rejects.toThrow(
    /damaged or truncated PNG \(the pixels end too early\)/,
  );
});
