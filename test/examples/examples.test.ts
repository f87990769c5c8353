// Every example runs as its first lines say, with a few steps, and does what it shows.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ResNet } from 'coarsely/models';
import { Generator, writeSafetensors } from 'coarsely/torch';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';

const examples = join(import.meta.dirname, '../../dist/examples');
const folder = mkdtempSync(join(tmpdir(), 'coarsely-examples-'));
const root = join(folder, 'scenes');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs an example to its end and returns what it printed. */
function run(name: string, ...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(examples, name), ...words], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

test('own-loop: ARM learns beside a small network', () => {
  const printed = run('own-loop.js', '10');
  expect(printed).toContain('weighted loss');
  expect(printed).toMatch(/^ARM weighs an unsure pixel \d+\.\d\d times as much as a sure one$/m);
  expect(printed).toMatch(/pixels right on scenes never seen, exact labels: \d+\.\d %/);
});

test('own-features: a head learns from a table of numbers', () => {
  const printed = run('own-features.js', '100');
  expect(printed).toMatch(/^step 100 {2}loss \d\.\d{3}$/m);
  expect(Number(/never seen: (\d+\.\d) %/.exec(printed)?.[1])).toBeGreaterThan(40);
});

test('train: a recipe is trained from a program and scored', () => {
  const printed = run('train.js', folder, '2');
  expect(printed).toContain(`finished: ${join(folder, 'run')}`);
  expect(printed).toMatch(/mIoU on exact labels: \d+\.\d %/);
  expect(existsSync(join(root, 'classes.json'))).toBe(true);
});

test('predict-server: the run of the program labels an image over HTTP', async () => {
  const server = spawn(process.execPath, [join(examples, 'predict-server.js'), join(folder, 'run'), '0']);
  try {
    const address = await addressOf(server);
    const image = readFileSync(join(root, 'images/val/scene-0000.jpg'));
    const response = await fetch(address, { method: 'POST', body: image });
    expect(response.status).toBe(200);
    const labels = sharp(Buffer.from(await response.arrayBuffer()));
    expect(await labels.metadata()).toMatchObject({ format: 'png', width: 144, height: 96, channels: 1 });
    const { channels } = await labels.stats();
    expect(channels[0]?.max).toBeLessThan(8);
    const refused = await fetch(address, { method: 'POST', body: 'no image' });
    expect(refused.status).toBe(400);
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
});

test('own-dataset: images that are drawn on demand train a network', () => {
  expect(run('own-dataset.js', folder, '4')).toMatch(/mIoU on exact labels: \d+\.\d %/);
});

test('own-head: a head of its own is named by a config, and its checkpoint holds it', () => {
  expect(run('own-head.js', folder, '2')).toMatch(/mIoU on exact labels/);
  expect(readFileSync(join(folder, 'small-head/config.yaml'), 'utf8')).toContain('kind: small');
});

test('fine-tune: published names find their place', () => {
  const weights = join(folder, 'resnet18.safetensors');
  using generator = new Generator(1);
  const backbone = new ResNet(18, { stem: 'torchvision', generator });
  const published = [...backbone.stateDict()].map(
    ([name, tensor]) => [backbone.publishedName(name), tensor] as const,
  );
  writeSafetensors(weights, new Map(published));
  backbone.dispose();
  const printed = run('fine-tune.js', weights, root, folder, '2');
  expect(printed).toMatch(/^1\d\d tensors loaded, not used: none$/m);
  expect(printed).toMatch(/mIoU on exact labels/);
});

/** Waits for the line in which a server says where it listens. */
async function addressOf(server: ChildProcess): Promise<string> {
  let printed = '';
  for await (const part of server.stdout ?? []) {
    printed += String(part);
    const address = /http:\S+/.exec(printed)?.[0];
    if (address) return address;
  }
  throw new Error(`the server ended without listening: ${printed}`);
}
