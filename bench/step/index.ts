/**
 * Measures one training step of DeepLabv3+: ours against an equivalent Python program on the same libtorch, and against
 * the fastest that Python can do there.
 *
 * For each network and precision these programs are alive at once: ours and the peer's, cross-entropy and ARM, and with
 * --compile the peer's through torch.compile. They take turns step by step, so that other work on the machine delays all
 * alike, and every figure is the median of ratios within a round. All start from the same weights and batch, which the
 * peer writes and ours reads; the first losses are compared, so that a program that does less work is found out. The cost
 * of ARM is too small to see between four programs: ours with and without it take further rounds alone.
 *
 *   npm run bench -- step --peer python3 --peer .venv/bin/python [--case 'resnet18 bfloat16'] [--rounds 8]
 *     [--overhead-rounds 16] [--threads 2] [--compile]
 *
 * Without --peer: the programs named in COARSELY_BENCH_PEERS (separated by commas), or python3. Ours is built against
 * the libtorch of each peer. --compile needs PyTorch 2 and a C++ compiler, and applies to bfloat16 alone: float32 is
 * never the fastest.
 */

import { availableParallelism } from 'node:os';
import { defineBench } from '../support/bench.js';
import { packageVersions } from '../support/machine.js';
import { buildAgainst, type PeerTorch, peersOf, torchOf } from '../support/peers.js';
import { median, ratiosOf, roundTo, summarize } from '../support/statistics.js';
import { nameOf, type StepCase, selectCases } from './cases.js';
import {
  measureAttainable,
  measureInTurns,
  type Objective,
  type ProgramKind,
  type RunningProgram,
  withPrograms,
} from './programs.js';

const objectives = ['cross-entropy', 'arm'] as const;
const digits = 4;

interface Conditions {
  readonly python: string;
  readonly torch: PeerTorch;
  readonly rounds: number;
  readonly overheadRounds: number;
  readonly warmUp: number;
  readonly compile: boolean;
  /** GFLOP/s of a large convolution alone. */
  readonly attainable: number;
}

export const bench = defineBench({
  options: {
    peer: { type: 'string', multiple: true },
    case: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string' },
    'overhead-rounds': { type: 'string' },
    threads: { type: 'string' },
    compile: { type: 'boolean', default: false },
  },

  async run({ peer, quick, case: wanted, compile, ...counts }) {
    const rounds = Number(counts.rounds ?? (quick ? 2 : 8));
    const overheadRounds = Number(counts['overhead-rounds'] ?? (quick ? 2 : 16));
    // A quick run shares its machine with other work, where threads that wait for each other cost more than they bring.
    const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
    // The first steps compile kernels and fill caches.
    const warmUp = quick ? 1 : 3;
    const cases = selectCases({ wanted, quick, threads });
    const rows = [];
    const attainable = [];
    for (const python of peersOf(peer)) {
      const torch = torchOf(python);
      buildAgainst(torch);
      const best = new Map<string, number>();
      for (const { precision } of cases) {
        if (best.has(precision)) continue;
        const rate = measureAttainable(torch, { precision, threads });
        best.set(precision, rate);
        attainable.push({
          libtorch: torch.version,
          precision,
          gigaflopsPerSecond: Math.round(rate),
        });
      }
      for (const setting of cases) {
        const conditions = {
          ...{ python, torch, rounds, overheadRounds, warmUp },
          compile: compile && setting.precision === 'bfloat16' && !torch.version.startsWith('1.'),
          attainable: best.get(setting.precision) ?? Number.NaN,
        };
        rows.push(...(await measure(setting, conditions)));
      }
    }
    return { versions: packageVersions(), threads, rounds, overheadRounds, attainable, rows };
  },
});

/** Returns the rows of one network at one precision on one libtorch, one for each objective. */
async function measure(setting: StepCase, conditions: Conditions) {
  const { python, torch, rounds, overheadRounds, warmUp } = conditions;
  const kinds = objectives.flatMap((objective): ProgramKind[] => [
    { side: 'ours', objective },
    { side: 'peer', objective },
    ...(conditions.compile ? [{ side: 'compiled', objective } as const] : []),
  ]);
  return withPrograms({ setting, python, torch, kinds }, async (programs, gigaflops) => {
    for (const each of programs) each.losses.push(...(await each.program.steps(warmUp)).losses);
    await measureInTurns(programs, rounds);
    const crossEntropy = createRow(setting, 'cross-entropy', { ...conditions, programs, gigaflops });
    const arm = createRow(setting, 'arm', { ...conditions, programs, gigaflops });
    const peerShares = ratiosOf(
      find(programs, 'peer', 'arm').seconds,
      find(programs, 'peer', 'cross-entropy').seconds,
    );
    const overhead = summarize(await measureOverhead(programs, overheadRounds), { digits });
    const peerOverheadPercent = roundTo(100 * (median(peerShares) - 1), 1);
    console.log(
      `  ARM over cross-entropy, ${overheadRounds} rounds alone: ours ${overhead.median}% ` +
        `[${overhead.quartiles.join(', ')}], peer ${peerOverheadPercent}%`,
    );
    return [
      crossEntropy,
      {
        ...arm,
        peerOverheadPercent,
        oursOverheadPercent: overhead.median,
        oursOverheadQuartiles: overhead.quartiles,
      },
    ];
  });
}

/** Returns by how many percent ARM lengthens our step, in rounds that only our two programs take. */
async function measureOverhead(programs: readonly RunningProgram[], rounds: number): Promise<number[]> {
  const plain = { ...find(programs, 'ours', 'cross-entropy'), seconds: [] };
  const weighted = { ...find(programs, 'ours', 'arm'), seconds: [] };
  await measureInTurns([plain, weighted], rounds);
  return ratiosOf(weighted.seconds, plain.seconds).map((ratio) => 100 * (ratio - 1));
}

function createRow(
  setting: StepCase,
  objective: Objective,
  {
    torch,
    programs,
    gigaflops,
    attainable,
    compile,
  }: Conditions & { readonly programs: readonly RunningProgram[]; readonly gigaflops: number },
) {
  const ours = find(programs, 'ours', objective);
  const peer = find(programs, 'peer', objective);
  const compiled = compile ? find(programs, 'compiled', objective) : null;
  const seconds = median(ours.seconds);
  const ratio = summarize(ratiosOf(ours.seconds, peer.seconds), { digits });
  const row = {
    case: `${nameOf(setting)}, ${objective}`,
    libtorch: torch.version,
    python: torch.python,
    ours: roundTo(seconds, digits),
    peer: roundTo(median(peer.seconds), digits),
    unit: 'seconds a step',
    ratio: ratio.median,
    ratioQuartiles: ratio.quartiles,
    oursPeakMiB: Math.round(ours.peakMiB),
    peerPeakMiB: Math.round(peer.peakMiB),
    memoryRatio: roundTo(ours.peakMiB / peer.peakMiB, digits),
    gigaflops: Math.round(gigaflops),
    shareOfAttainable: roundTo(gigaflops / seconds / attainable, digits),
    firstLoss: { ours: ours.losses[0], peer: peer.losses[0] },
    ...(compiled && {
      compiled: roundTo(median(compiled.seconds), digits),
      ratioToCompiled: roundTo(median(ratiosOf(ours.seconds, compiled.seconds)), digits),
      compiledPeakMiB: Math.round(compiled.peakMiB),
    }),
  };
  console.log(
    `torch ${torch.version}, ${row.case}: ours ${row.ours} s, peer ${row.peer} s, ratio ${row.ratio} ` +
      `[${row.ratioQuartiles.join(', ')}], peak ${row.oursPeakMiB} / ${row.peerPeakMiB} MiB = ` +
      `${row.memoryRatio}, ${Math.round(100 * row.shareOfAttainable)}% of ${Math.round(attainable)} GFLOP/s` +
      (compiled ? `, compiled ${row.compiled} s, ratio ${row.ratioToCompiled}` : ''),
  );
  expectSameLoss(row.case, [ours.losses[0], peer.losses[0]], setting.precision);
  return row;
}

function expectSameLoss(
  name: string,
  [ours = Number.NaN, peer = Number.NaN]: readonly (number | undefined)[],
  precision: StepCase['precision'],
): void {
  const gap = Math.abs(ours - peer) / Math.abs(peer);
  if (!(gap < (precision === 'float32' ? 1e-5 : 1e-2)))
    throw new Error(`${name}: the first losses differ (${ours} and ${peer})`);
}

function find(
  programs: readonly RunningProgram[],
  side: ProgramKind['side'],
  objective: Objective,
): RunningProgram {
  const found = programs.find((each) => each.side === side && each.objective === objective);
  if (!found) throw new Error(`no program runs ${side} with ${objective}`);
  return found;
}
