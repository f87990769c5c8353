/** Gives every fuzz target its seeds, and the inputs that once failed, which lie in fuzz/inputs. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FuzzTarget } from '../../fuzz/support/target.js';
import * as annotations from '../../fuzz/targets/annotations.js';
import * as config from '../../fuzz/targets/config.js';
import * as decisions from '../../fuzz/targets/decisions.js';
import * as image from '../../fuzz/targets/image.js';
import * as json from '../../fuzz/targets/json.js';
import * as png from '../../fuzz/targets/png.js';
import * as projects from '../../fuzz/targets/projects.js';
import * as pth from '../../fuzz/targets/pth.js';
import * as safetensors from '../../fuzz/targets/safetensors.js';
import * as zip from '../../fuzz/targets/zip.js';

const inputs = join(import.meta.dirname, '../../fuzz/inputs');

const targets: readonly (readonly [name: string, FuzzTarget])[] = [
  ['annotations', annotations],
  ['config', config],
  ['decisions', decisions],
  ['image', image],
  ['json', json],
  ['png', png],
  ['projects', projects],
  ['pth', pth],
  ['safetensors', safetensors],
  ['zip', zip],
];

test.each(targets)('%s: seeds and former findings', async (name, { fuzz, seeds, dictionary }) => {
  const folder = join(inputs, name);
  const found = existsSync(folder) ? readdirSync(folder).map((file) => readFileSync(join(folder, file))) : [];
  const all = [...(await seeds()), ...found];
  expect(all.length).toBeGreaterThan(3);
  expect(dictionary.length).toBeGreaterThan(3);
  for (const input of all) await fuzz(input);
});

test('every folder of findings belongs to a target', () => {
  const names = [...targets.map(([name]) => name), 'png-native'];
  const folders = existsSync(inputs) ? readdirSync(inputs) : [];
  expect(folders.filter((folder) => !names.includes(folder))).toEqual([]);
});
