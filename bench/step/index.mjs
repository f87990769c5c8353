// One training step of DeepLabv3+, ours against an equivalent Python program on the same libtorch, and against the
// fastest that Python can do there.
//
// For each network and precision these programs are alive at once: ours and the peer's, cross-entropy and ARM, and with
// --compile the peer's through torch.compile. They take turns step by step, so whatever else the machine does hits all
// alike, and every figure is the median of ratios within a round. All start from the same weights and batch, which the
// peer writes and ours reads; the first losses are compared, so that a program that does less work is found out. What
// ARM costs is too little to see between four programs: ours with and without it take further rounds alone.
//
//   npm run bench -- step --peer python3 --peer .venv/bin/python [--case 'resnet18 bfloat16'] [--rounds 8]
//     [--overhead-rounds 16] [--threads 2] [--compile]
//
// Without --peer: the programs named in COARSELY_BENCH_PEERS (separated by commas), or python3. Ours is built against
// the libtorch of each peer. --compile needs PyTorch 2 and a C++ compiler, and is for bfloat16 alone: float32 is never
// the fastest.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { casesOf, nameOf } from './cases.mjs';
import { attainable, buildAgainst, takeTurns, torchOf, withPrograms } from './programs.mjs';
import { median, quartiles } from './statistics.mjs';

export const options = {
  peer: { type: 'string', multiple: true },
  case: { type: 'string', multiple: true, default: [] },
  rounds: { type: 'string' },
  'overhead-rounds': { type: 'string' },
  threads: { type: 'string' },
  compile: { type: 'boolean', default: false },
};

const objectives = ['cross-entropy', 'arm'];

export async function run({ peer, quick, case: wanted, compile, ...counts }) {
  const peers = peer ?? process.env.COARSELY_BENCH_PEERS?.split(',') ?? ['python3'];
  const rounds = Number(counts.rounds ?? (quick ? 2 : 8));
  const overheadRounds = Number(counts['overhead-rounds'] ?? (quick ? 2 : 16));
  // A quick run shares its machine with other work, where threads that wait for each other cost more than they bring.
  const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
  // The first steps compile kernels and fill caches.
  const warmUp = quick ? 1 : 3;
  const cases = casesOf({ wanted, quick, threads });
  if (cases.length === 0) throw new Error(`no case has all the words of: ${wanted.join('; ')}`);
  const rows = [];
  const rates = [];
  for (const python of peers) {
    const torch = torchOf(python);
    buildAgainst(torch);
    const best = {};
    for (const precision of new Set(cases.map((each) => each.precision))) {
      best[precision] = attainable(torch, { precision, threads });
      rates.push({ libtorch: torch.version, precision, gigaflopsPerSecond: Math.round(best[precision]) });
    }
    for (const setting of cases) {
      const compiles = compile && setting.precision === 'bfloat16' && !torch.version.startsWith('1.');
      rows.push(
        ...(await measure(setting, {
          ...{ python, torch, rounds, overheadRounds, warmUp, compiles },
          rate: best[setting.precision],
        })),
      );
    }
  }
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    versions: { coarsely: version, node: process.versions.node },
    ...{ threads, rounds, overheadRounds, attainable: rates, rows },
  };
}

/** The rows of one network at one precision on one libtorch: a row for each objective. */
async function measure(setting, { python, torch, rounds, overheadRounds, warmUp, compiles, rate }) {
  const programs = objectives.flatMap((objective) => [
    { who: 'ours', objective },
    { who: 'peer', objective },
    ...(compiles ? [{ who: 'compiled', objective, compile: true }] : []),
  ]);
  return withPrograms({ setting, python, torch, programs }, async (alive, gigaflops) => {
    for (const each of alive) each.losses.push(...(await each.stepper.steps(warmUp)).losses);
    await takeTurns(alive, rounds);
    const rows = objectives.map((objective) => row(setting, { objective, torch, alive, gigaflops, rate }));
    const ours = alive.filter(({ who }) => who === 'ours');
    for (const each of ours) each.seconds = [];
    await takeTurns(ours, overheadRounds);
    const shares = ratiosOf(ours[1], ours[0]).map((ratio) => 100 * (ratio - 1));
    rows[1].oursOverheadPercent = rounded(median(shares));
    rows[1].oursOverheadQuartiles = quartiles(shares).map(rounded);
    console.log(
      `  ARM over cross-entropy, ${overheadRounds} rounds alone: ours ${rows[1].oursOverheadPercent}% ` +
        `[${rows[1].oursOverheadQuartiles.join(', ')}], peer ${rows[1].peerOverheadPercent}%`,
    );
    return rows;
  });
}

function row(setting, { objective, torch, alive, gigaflops, rate }) {
  const find = (who, what = objective) => alive.find((each) => each.who === who && each.objective === what);
  const [ours, peer, compiled] = [find('ours'), find('peer'), find('compiled')];
  const ratios = ratiosOf(ours, peer);
  const seconds = median(ours.seconds);
  const result = {
    case: `${nameOf(setting)}, ${objective}`,
    libtorch: torch.version,
    python: torch.python,
    ours: rounded(seconds),
    peer: rounded(median(peer.seconds)),
    unit: 'seconds a step',
    ratio: rounded(median(ratios)),
    ratioQuartiles: quartiles(ratios).map(rounded),
    oursPeakMiB: Math.round(ours.peakMiB),
    peerPeakMiB: Math.round(peer.peakMiB),
    memoryRatio: rounded(ours.peakMiB / peer.peakMiB),
    gigaflops: Math.round(gigaflops),
    shareOfAttainable: rounded(gigaflops / seconds / rate),
    firstLoss: { ours: ours.losses[0], peer: peer.losses[0] },
  };
  if (compiled) {
    result.compiled = rounded(median(compiled.seconds));
    result.ratioToCompiled = rounded(median(ratiosOf(ours, compiled)));
    result.compiledPeakMiB = Math.round(compiled.peakMiB);
  }
  if (objective === 'arm') {
    const share = median(ratiosOf(peer, find('peer', 'cross-entropy'))) - 1;
    result.peerOverheadPercent = Math.round(1000 * share) / 10;
  }
  console.log(
    `torch ${torch.version}, ${result.case}: ours ${result.ours} s, peer ${result.peer} s, ratio ${result.ratio} ` +
      `[${result.ratioQuartiles.join(', ')}], peak ${result.oursPeakMiB} / ${result.peerPeakMiB} MiB = ` +
      `${result.memoryRatio}, ${Math.round(100 * result.shareOfAttainable)}% of ${Math.round(rate)} GFLOP/s` +
      (compiled ? `, compiled ${result.compiled} s, ratio ${result.ratioToCompiled}` : ''),
  );
  expectSameLoss(result, setting);
  return result;
}

function expectSameLoss({ case: name, firstLoss: { ours, peer } }, { precision }) {
  const gap = Math.abs(ours - peer) / Math.abs(peer);
  if (!(gap < (precision === 'float32' ? 1e-5 : 1e-2)))
    throw new Error(`${name}: the first losses differ (${ours} and ${peer})`);
}

const ratiosOf = (one, other) => one.seconds.map((seconds, round) => seconds / other.seconds[round]);
const rounded = (value) => Math.round(value * 1e4) / 1e4;
