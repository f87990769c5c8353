/**
 * Measures training samples a second on one core at the Cityscapes setting: PNGs of 2048×1024 with label PNGs, resized
 * by 0.5 to 2, cropped to 512×1024 (no class above 0.75), flipped, colors distorted, normalized, put into batches. Ours
 * against a PyTorch DataLoader with mmsegmentation's transforms, images read by OpenCV or by Pillow.
 *
 * Every program has one worker and is bound to one core, main thread included. They take turns round by round, so that
 * other work on the machine delays all alike, and every figure is the median of ratios within a round.
 *
 *   npm run bench -- loader --peer .venv/bin/python [--rounds 9] [--batches 4]
 *
 * The peer needs PyTorch, OpenCV, NumPy and Pillow. Without --peer: the first program named in COARSELY_BENCH_PEERS, or
 * python3.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineBench } from '../support/bench.js';
import { packageVersions } from '../support/machine.js';
import { peersOf } from '../support/peers.js';
import { Program } from '../support/program.js';
import { project } from '../support/project.js';
import { takeTurns } from '../support/rounds.js';
import { median, ratiosOf, roundTo, summarize } from '../support/statistics.js';
import { writeImages } from './images.js';

const digits = 2;

interface RunningLoader {
  readonly name: string;
  readonly program: Program<Record<string, string>, { secondsAnImage: number; peakMiB: number }>;
  readonly seconds: number[];
  peakMiB: number;
}

export const bench = defineBench({
  options: {
    peer: { type: 'string' },
    rounds: { type: 'string' },
    batches: { type: 'string' },
    images: { type: 'string' },
  },

  async run({ peer, quick, ...counts }) {
    const python = peer ?? peersOf(undefined)[0] ?? 'python3';
    const rounds = Number(counts.rounds ?? (quick ? 2 : 9));
    const batches = Number(counts.batches ?? (quick ? 1 : 4));
    const images = Number(counts.images ?? (quick ? 2 : 16));
    const size = quick ? { width: 256, height: 128 } : { width: 2048, height: 1024 };
    const root = mkdtempSync(join(tmpdir(), 'coarsely-bench-'));
    const setting = { root, batchSize: 4, cropSize: [size.height / 2, size.width / 2], seed: 1 };
    const running: RunningLoader[] = [];
    try {
      const imageBytes = await writeImages(root, { count: images, ...size });
      for (const { name, command } of listCommands(python, setting)) {
        const bound = process.platform === 'linux' ? ['taskset', '-c', '0', ...command] : command;
        const program: RunningLoader['program'] = new Program(bound, {
          OMP_NUM_THREADS: '1',
          MKL_NUM_THREADS: '1',
        });
        running.push({ name, program, seconds: [], peakMiB: 0 });
      }
      const ready = await Promise.all(running.map(({ program }) => program.ready));
      // Workers start, code is compiled, and every image is read once: from then on files are in memory for all.
      for (const { program } of running) await program.steps(Math.ceil(images / setting.batchSize));
      await takeTurns(running, rounds, async (each) => {
        const { secondsAnImage, peakMiB } = await each.program.steps(batches);
        each.seconds.push(secondsAnImage);
        each.peakMiB = peakMiB;
      });
      const { stdout } = spawnSync(python, ['--version'], { encoding: 'utf8' });
      return {
        versions: { ...packageVersions(), python: stdout.trim(), ...ready.at(-1) },
        rounds,
        imageBytes: Math.round(imageBytes),
        rows: running.map((each) => createRow(each, running)),
      };
    } finally {
      for (const { program } of running) program.end();
      rmSync(root, { recursive: true, force: true });
    }
  },
});

function listCommands(python: string, setting: object) {
  const ours = (cacheMiB: number) => [
    process.execPath,
    join(import.meta.dirname, 'ours.js'),
    JSON.stringify({ ...setting, cacheMiB }),
  ];
  const theirs = (reader: string) => [
    python,
    join(project, 'bench', 'loader', 'peer.py'),
    JSON.stringify({ ...setting, reader }),
  ];
  return [
    { name: 'ours', command: ours(0) },
    { name: 'ours, decoded images kept', command: ours(4096) },
    { name: 'opencv', command: theirs('opencv') },
    { name: 'pillow', command: theirs('pillow') },
  ];
}

/** Returns how many images a second a program makes on its core, and ours relative to each peer. */
function createRow({ name, seconds, peakMiB }: RunningLoader, all: readonly RunningLoader[]) {
  const isOurs = (each: { readonly name: string }) => each.name.startsWith('ours');
  const peers = isOurs({ name }) ? all.filter((other) => !isOurs(other)) : [];
  const row = {
    case: name,
    imagesPerSecond: roundTo(1 / median(seconds), digits),
    peakMiB: Math.round(peakMiB),
    ...Object.fromEntries(
      peers.flatMap((peer) => {
        const ratio = summarize(ratiosOf(peer.seconds, seconds), { digits });
        return [
          [`times ${peer.name}`, ratio.median],
          [`times ${peer.name}, quartiles`, ratio.quartiles],
        ];
      }),
    ),
  };
  console.log(
    Object.entries(row)
      .map(([key, value]) => `${key}: ${value}`)
      .join('  '),
  );
  return row;
}
