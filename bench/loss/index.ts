/**
 * Measures the fused pixel loss against the engine's own operators: bilinear resizing, cross-entropy for each pixel, and
 * the confidence, forward and backward, in time and in memory beyond inputs and outputs.
 *
 *   npm run bench -- loss [--rounds 7] [--threads 2] [--only 19] [--peer python3]
 *
 * All ways take turns round by round, so that other work on the machine delays all alike; a figure is the median of the
 * rounds, and a ratio the median of ratios within a round. Each side is taken in its faster layout. With --peer the same
 * operators also run in a Python program.
 */

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setThreads } from 'coarsely/torch';
import { defineBench } from '../support/bench.js';
import { engineVersions } from '../support/machine.js';
import { Program } from '../support/program.js';
import { project } from '../support/project.js';
import { takeTurns } from '../support/rounds.js';
import { median, ratiosOf, roundTo, summarize } from '../support/statistics.js';
import { type LossSetting, type Pass, Subject, type Way } from './subject.js';

const digits = 3;

const city = { count: 4, classCount: 19, height: 512, width: 1024 };
const rooms = { count: 2, classCount: 150, height: 512, width: 512 };
const plain = { loss: 'cross-entropy', confidence: 'variance' } as const;
const settings: readonly LossSetting[] = [
  { ...city, factor: 4, ...plain },
  { ...rooms, factor: 4, ...plain },
  { ...city, factor: 1, ...plain },
  { ...rooms, factor: 1, ...plain },
  { ...city, factor: 4, ...plain, confidence: 'none' },
  { ...city, factor: 4, ...plain, loss: 'gce' },
  { ...city, factor: 4, ...plain, loss: 'focal' },
  { ...city, factor: 4, ...plain, confidence: 'entropy' },
];

type MeasuredWay = Way & { readonly passes: Pass[] };

export const bench = defineBench({
  options: {
    rounds: { type: 'string' },
    threads: { type: 'string' },
    only: { type: 'string', default: '' },
    peer: { type: 'string' },
  },

  async run({ quick, only, peer, ...counts }) {
    const rounds = Number(counts.rounds ?? (quick ? 2 : 7));
    const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
    setThreads(threads);
    const chosen = settings
      .map((setting) => (quick ? { ...setting, count: 1, height: 64, width: 64 } : setting))
      .filter((setting) => nameOf(setting).includes(only));
    const rows = [];
    for (const setting of chosen) rows.push(await measure(setting, { rounds, threads, peer }));
    return { versions: engineVersions(), threads, rounds, rows };
  },
});

function nameOf({ count, classCount, height, width, factor, loss, confidence }: LossSetting): string {
  const size = factor === 1 ? 'as large' : `at 1/${factor}`;
  return `${count}×${classCount}×${height}×${width}, logits ${size}, ${loss}, confidence ${confidence}`;
}

async function measure(
  setting: LossSetting,
  {
    rounds,
    threads,
    peer,
  }: { readonly rounds: number; readonly threads: number; readonly peer: string | undefined },
) {
  const ways = (['fused', 'stock'] as const).flatMap((kernels) =>
    (['channels-last', 'contiguous'] as const).map(
      (memoryFormat): MeasuredWay => ({ kernels, memoryFormat, passes: [] }),
    ),
  );
  const subject = new Subject(setting);
  const python = peer === undefined ? null : startPeer(peer, { ...setting, threads });
  const peerSeconds: number[] = [];
  try {
    await python?.ready;
    await python?.steps(1);
    for (const way of ways) subject.pass(way);
    const turns: (() => Promise<void> | void)[] = ways.map((way) => () => {
      way.passes.push(subject.pass(way));
    });
    if (python) {
      turns.push(async () => {
        peerSeconds.push(...(await python.steps(1)).seconds);
      });
    }
    await takeTurns(turns, rounds, (turn) => turn());
    subject.check();
  } finally {
    subject.dispose();
    python?.end();
  }
  return createRow(setting, { ways, peerSeconds });
}

function createRow(
  setting: LossSetting,
  { ways, peerSeconds }: { readonly ways: readonly MeasuredWay[]; readonly peerSeconds: readonly number[] },
) {
  const ours = fastest(ways.filter(({ kernels }) => kernels === 'fused'));
  const stock = fastest(ways.filter(({ kernels }) => kernels === 'stock'));
  const ratiosIn = (part: keyof Pass) => ratiosOf(series(stock, part), series(ours, part));
  const total = summarize(ratiosIn('seconds'), { digits });
  const [extraMemory = Number.NaN] = ratiosOf(series(ours, 'extraMiB'), series(stock, 'extraMiB'));
  const row = {
    case: nameOf(setting),
    ours: describeWay(ours),
    stock: describeWay(stock),
    timesFaster: total.median,
    timesFasterQuartiles: total.quartiles,
    timesFasterForward: roundTo(median(ratiosIn('forward')), digits),
    timesFasterBackward: roundTo(median(ratiosIn('backward')), digits),
    extraMemoryShare: roundTo(extraMemory, digits),
    ...(peerSeconds.length > 0 && {
      python: {
        milliseconds: roundTo(1000 * median(peerSeconds), digits),
        timesFaster: roundTo(median(ratiosOf(peerSeconds, series(ours, 'seconds'))), digits),
      },
    }),
  };
  const times = ({ milliseconds, forwardMilliseconds, backwardMilliseconds, layout }: typeof row.ours) =>
    `${milliseconds} ms (${forwardMilliseconds} + ${backwardMilliseconds}, ${layout})`;
  console.log(
    `${row.case}: ours ${times(row.ours)}, stock ${times(row.stock)}, ${row.timesFaster}× faster ` +
      `[${row.timesFasterQuartiles.join(', ')}], extra memory ${row.ours.extraMiB} / ${row.stock.extraMiB} MiB = ` +
      `${row.extraMemoryShare}` +
      (row.python ? `, Python ${row.python.milliseconds} ms = ${row.python.timesFaster}×` : ''),
  );
  return row;
}

function series({ passes }: MeasuredWay, part: keyof Pass): number[] {
  return passes.map((pass) => pass[part]);
}

function fastest(ways: readonly MeasuredWay[]): MeasuredWay {
  const secondsOf = (way: MeasuredWay) => median(series(way, 'seconds'));
  return ways.reduce((best, way) => (secondsOf(way) < secondsOf(best) ? way : best));
}

function describeWay(way: MeasuredWay) {
  const milliseconds = (part: keyof Pass) => roundTo(1000 * median(series(way, part)), digits);
  return {
    layout: way.memoryFormat,
    milliseconds: milliseconds('seconds'),
    forwardMilliseconds: milliseconds('forward'),
    backwardMilliseconds: milliseconds('backward'),
    extraMiB: roundTo(way.passes[0]?.extraMiB ?? Number.NaN, digits),
  };
}

/** Starts the Python program, whose step is one pass in its faster layout. */
function startPeer(
  python: string,
  setting: LossSetting & { readonly threads: number },
): Program<unknown, { seconds: number[] }> {
  return new Program([python, join(project, 'bench', 'loss', 'peer.py'), JSON.stringify(setting)]);
}
