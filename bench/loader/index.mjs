// Training samples a second on one core at the Cityscapes setting: PNGs of 2048×1024 with label PNGs, resized by 0.5 to
// 2, cropped to 512×1024 (no class above 0.75), flipped, colours distorted, normalised, put into batches. Ours against a
// PyTorch DataLoader with mmsegmentation's transforms, images read by OpenCV or by Pillow.
//
// Every program has one worker and is bound to one core, main thread included. They take turns round by round, so
// that whatever else the machine does hits all alike, and every figure is the median of ratios within a round.
//
//   npm run bench -- loader --peer .venv/bin/python [--rounds 9] [--batches 4]
//
// The peer needs PyTorch, OpenCV, NumPy and Pillow. Without --peer: the first program named in COARSELY_BENCH_PEERS, or
// python3.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, quartiles } from '../step/statistics.mjs';
import { Stepper } from '../step/stepper.mjs';
import { writeImages } from './images.mjs';

const here = dirname(fileURLToPath(import.meta.url));

export const options = {
  peer: { type: 'string' },
  rounds: { type: 'string' },
  batches: { type: 'string' },
  images: { type: 'string' },
};

export async function run({ peer, quick, ...counts }) {
  const python = peer ?? process.env.COARSELY_BENCH_PEERS?.split(',')[0] ?? 'python3';
  const rounds = Number(counts.rounds ?? (quick ? 2 : 9));
  const batches = Number(counts.batches ?? (quick ? 1 : 4));
  const images = Number(counts.images ?? (quick ? 2 : 16));
  const size = quick ? { width: 256, height: 128 } : { width: 2048, height: 1024 };
  const root = mkdtempSync(join(tmpdir(), 'coarsely-bench-'));
  const setting = { root, batchSize: 4, cropSize: [size.height / 2, size.width / 2], seed: 1 };
  const ours = (cacheMiB) => [
    process.execPath,
    join(here, 'ours.mjs'),
    JSON.stringify({ ...setting, cacheMiB }),
  ];
  const theirs = (reader) => [python, join(here, 'peer.py'), JSON.stringify({ ...setting, reader })];
  const programs = [
    { name: 'ours', command: ours(0) },
    { name: 'ours, decoded images kept', command: ours(4096) },
    { name: 'opencv', command: theirs('opencv') },
    { name: 'pillow', command: theirs('pillow') },
  ];
  const alive = [];
  try {
    const imageBytes = await writeImages(root, { count: images, ...size });
    for (const { name, command } of programs) {
      const bound = process.platform === 'linux' ? ['taskset', '-c', '0', ...command] : command;
      const environment = { OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
      alive.push({ name, stepper: new Stepper(bound, environment), seconds: [] });
    }
    const ready = await Promise.all(alive.map(({ stepper }) => stepper.ready));
    // Workers start, code is compiled, and every image is read once: from then on files are in memory for all.
    for (const { stepper } of alive) await stepper.steps(Math.ceil(images / setting.batchSize));
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < alive.length; turn += 1) {
        const each = alive[(turn + round) % alive.length];
        const { secondsAnImage, peakMiB } = await each.stepper.steps(batches);
        each.seconds.push(secondsAnImage);
        each.peakMiB = peakMiB;
      }
    }
    const rows = alive.map((each) => row(each, alive));
    return { versions: versions(python, ready), rounds, imageBytes: Math.round(imageBytes), rows };
  } finally {
    for (const { stepper } of alive) stepper.end();
    rmSync(root, { recursive: true, force: true });
  }
}

/** How many images a second a program makes on its core, and how many times as many as each peer. */
function row({ name, seconds, peakMiB }, alive) {
  const result = { case: name, imagesPerSecond: rounded(1 / median(seconds)), peakMiB: Math.round(peakMiB) };
  if (name.startsWith('ours')) {
    for (const peer of alive.filter((other) => !other.name.startsWith('ours'))) {
      const ratios = peer.seconds.map((value, round) => value / seconds[round]);
      result[`times ${peer.name}`] = rounded(median(ratios));
      result[`times ${peer.name}, quartiles`] = quartiles(ratios).map(rounded);
    }
  }
  console.log(
    Object.entries(result)
      .map(([key, value]) => `${key}: ${value}`)
      .join('  '),
  );
  return result;
}

function versions(python, ready) {
  const { version } = JSON.parse(readFileSync(join(here, '..', '..', 'package.json'), 'utf8'));
  const { stdout } = spawnSync(python, ['--version'], { encoding: 'utf8' });
  return { coarsely: version, node: process.versions.node, python: stdout.trim(), ...ready.at(-1) };
}

const rounded = (value) => Math.round(value * 100) / 100;
