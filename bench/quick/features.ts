/** Measures the features of a frozen MobileNetV2: outputs of five blocks, at strides 2 to 32. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError } from '../support/bench.js';
import type { PeerTorch } from '../support/peers.js';
import { Program } from '../support/program.js';
import { project } from '../support/project.js';
import { takeTurns } from '../support/rounds.js';
import { median, ratiosOf, roundTo, summarize } from '../support/statistics.js';
import type { FeatureSetting } from './setting.js';

const digits = 4;

/** The program of the peer. */
export const peerProgram = join(project, 'bench', 'quick', 'peer.py');

/** Says with what a bench compares, and how often. */
export interface Conditions {
  readonly python: string;
  readonly torch: PeerTorch;
  /** The Python that writes the ONNX file. */
  readonly exporter: string;
  readonly rounds: number;
  readonly threads: number;
  readonly hasRuntime: boolean;
}

type FeatureCase = Omit<FeatureSetting, 'start' | 'model' | 'threads'>;

interface RunningWay {
  readonly name: string;
  /** The file that the program writes its features to. */
  readonly outputs: string;
  readonly program: Program<unknown, { seconds: number[]; peakMiB: number }>;
  readonly seconds: number[];
  peakMiB: number;
}

/** Returns what is measured: images of CamVid, alone and four at a time, and of half of Cityscapes' size. */
export function featureCases(quick: boolean): readonly FeatureCase[] {
  if (quick) return [{ outputStride: 16, batch: 1, height: 64, width: 128 }];
  const camvid = { height: 360, width: 480 };
  return [
    { outputStride: 16, batch: 1, ...camvid },
    { outputStride: 32, batch: 1, ...camvid },
    { outputStride: 16, batch: 4, ...camvid },
    { outputStride: 16, batch: 1, height: 512, width: 1024 },
    { outputStride: 32, batch: 1, height: 512, width: 1024 },
  ];
}

/** Returns the rows of one network, one for each way of a peer to compute. */
export async function measureFeatures(setting: FeatureCase, conditions: Conditions) {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-bench-'));
  const whole: FeatureSetting = {
    ...setting,
    threads: conditions.threads,
    start: join(folder, 'start.pth'),
    model: join(folder, 'model.onnx'),
  };
  const running: RunningWay[] = [];
  try {
    writeStart(conditions.exporter, whole);
    for (const { name, command, parameters } of waysOf(conditions)) {
      const outputs = join(folder, `${name.replaceAll(' ', '-')}.features`);
      const config = JSON.stringify({ ...whole, ...parameters, outputs });
      const program: RunningWay['program'] = new Program([...command, config], {
        COARSELY_TORCH: conditions.torch.folder,
      });
      running.push({ name, outputs, program, seconds: [], peakMiB: 0 });
      await program.ready;
      await program.steps(2);
    }
    await takeTurns(running, conditions.rounds, async (each) => {
      const { seconds, peakMiB } = await each.program.steps(3);
      each.seconds.push(median(seconds));
      each.peakMiB = peakMiB;
    });
    return createRows(setting, conditions.torch, running);
  } finally {
    for (const { program } of running) program.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeStart(exporter: string, setting: FeatureSetting): void {
  const { status, stderr, error } = spawnSync(exporter, [peerProgram, 'write', JSON.stringify(setting)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new BenchError(`${exporter} did not write weights and ONNX file: ${error?.message ?? stderr}`);
}

function waysOf({ python, hasRuntime }: Conditions) {
  const precisions = ['float32', 'bfloat16'];
  const programOf = (name: string) => [process.execPath, join(import.meta.dirname, name)];
  return [
    ...precisions.map((precision) => ({
      name: `ours ${precision}`,
      command: programOf('features-ours.js'),
      parameters: { precision },
    })),
    ...precisions.map((precision) => ({
      name: `PyTorch ${precision}`,
      command: [python, peerProgram, 'features'],
      parameters: { precision },
    })),
    ...(hasRuntime
      ? [{ name: 'onnxruntime float32', command: programOf('features-runtime.js'), parameters: {} }]
      : []),
  ];
}

/** Compares each peer with ours in the same precision and, as that is what a user gets, with our best. */
function createRows(
  { outputStride, batch, height, width }: FeatureCase,
  torch: PeerTorch,
  running: readonly RunningWay[],
) {
  const secondsOf = (each: RunningWay) => median(each.seconds);
  const reference = readFloats(find(running, 'PyTorch float32').outputs);
  const differences = new Map(
    running.map(({ name, outputs }) => [name, differenceOf(readFloats(outputs), reference)]),
  );
  for (const [name, difference] of differences) expectEqual(name, difference);
  const ours = running.filter(({ name }) => name.startsWith('ours'));
  const best = ours.reduce((one, other) => (secondsOf(other) < secondsOf(one) ? other : one));
  const network = `features, mobilenet_v2 os ${outputStride}, ${batch}×3×${height}×${width}`;
  return running
    .filter(({ name }) => !name.startsWith('ours'))
    .map((each) => {
      const same = find(running, `ours ${each.name.split(' ').at(-1)}`);
      const ratio = summarize(ratiosOf(same.seconds, each.seconds), { digits });
      const row = {
        case: `${network}: ${each.name}`,
        libtorch: torch.version,
        ours: roundTo(secondsOf(same), digits),
        oursBest: roundTo(secondsOf(best), digits),
        peer: roundTo(secondsOf(each), digits),
        unit: 'seconds a batch',
        ratio: ratio.median,
        ratioQuartiles: ratio.quartiles,
        ratioOfBest: roundTo(median(ratiosOf(best.seconds, each.seconds)), digits),
        oursPeakMiB: Math.round(same.peakMiB),
        peerPeakMiB: Math.round(each.peakMiB),
        difference: { ours: differences.get(same.name), peer: differences.get(each.name) },
      };
      console.log(
        `torch ${torch.version}, ${row.case}: ours ${row.ours} s (best ${row.oursBest}), peer ${row.peer} s, ` +
          `ratio ${row.ratio} [${row.ratioQuartiles.join(', ')}], of our best ${row.ratioOfBest}`,
      );
      return row;
    });
}

function find(running: readonly RunningWay[], name: string): RunningWay {
  const found = running.find((each) => each.name === name);
  if (!found) throw new Error(`no program is called ${name}`);
  return found;
}

function readFloats(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Returns the root mean square of the differences as a part of that of the reference. */
function differenceOf(features: Float32Array, reference: Float32Array): number {
  if (features.length !== reference.length) return Number.POSITIVE_INFINITY;
  let apart = 0;
  let whole = 0;
  for (const [place, value] of reference.entries()) {
    apart += ((features[place] ?? 0) - value) ** 2;
    whole += value ** 2;
  }
  return roundTo(Math.sqrt(apart / whole), 7);
}

function expectEqual(name: string, difference: number): void {
  const most = name.endsWith('float32') ? 1e-4 : 0.05;
  if (!(difference <= most))
    throw new Error(`${name} gives other features: they differ from the peer's by ${difference}`);
}
