// The fused pixel loss against the engine's own operators: bilinear resizing, cross-entropy for each pixel, and the
// confidence, forward and backward, in time and in memory beyond inputs and outputs.
//
//   npm run bench -- loss [--rounds 7] [--threads 2] [--only 19] [--peer python3]
//
// All ways take turns round by round, so that whatever else the machine does hits all alike; a figure is the median of
// the rounds, and a ratio the median of ratios within a round. Each side is taken in its faster layout. With --peer the
// same operators also run in a Python program.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { engine, setThreads } from 'coarsely/torch';
import { median, quartiles } from '../step/statistics.mjs';
import { Stepper } from '../step/stepper.mjs';
import { Subject } from './subject.mjs';

export const options = {
  rounds: { type: 'string' },
  threads: { type: 'string' },
  only: { type: 'string', default: '' },
  peer: { type: 'string' },
};

const city = { count: 4, classCount: 19, height: 512, width: 1024 };
const rooms = { count: 2, classCount: 150, height: 512, width: 512 };
const plain = { loss: 'cross-entropy', confidence: 'variance' };

const settings = [
  { ...city, factor: 4, ...plain },
  { ...rooms, factor: 4, ...plain },
  { ...city, factor: 1, ...plain },
  { ...rooms, factor: 1, ...plain },
  { ...city, factor: 4, ...plain, confidence: 'none' },
  { ...city, factor: 4, ...plain, loss: 'gce' },
  { ...city, factor: 4, ...plain, loss: 'focal' },
  { ...city, factor: 4, ...plain, confidence: 'entropy' },
];

const nameOf = ({ count, classCount, height, width, factor, loss, confidence }) =>
  `${count}×${classCount}×${height}×${width}, logits ${factor === 1 ? 'as large' : `at 1/${factor}`}, ${loss}, confidence ${confidence}`;

export async function run({ quick, only, peer, ...counts }) {
  const rounds = Number(counts.rounds ?? (quick ? 2 : 7));
  const threads = Number(counts.threads ?? (quick ? 1 : availableParallelism()));
  setThreads(threads);
  const chosen = settings
    .map((setting) => (quick ? { ...setting, count: 1, height: 64, width: 64 } : setting))
    .filter((setting) => nameOf(setting).includes(only));
  const rows = [];
  for (const setting of chosen) {
    const row = await measure(setting, { rounds, threads, peer });
    console.log(describe(row));
    rows.push(row);
  }
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    versions: { coarsely: version, node: process.versions.node, libtorch: engine().version },
    threads,
    rounds,
    rows,
  };
}

async function measure(setting, { rounds, threads, peer }) {
  const ways = ['fused', 'stock'].flatMap((kernels) =>
    ['channels-last', 'contiguous'].map((memoryFormat) => ({ kernels, memoryFormat, passes: [] })),
  );
  const subject = new Subject(setting);
  const python = peer === undefined ? null : startPeer(peer, setting, threads);
  const peerSeconds = [];
  try {
    await python?.ready;
    await python?.steps(1);
    for (const way of ways) subject.pass(way);
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < ways.length; turn += 1) {
        const way = ways[(turn + round) % ways.length];
        way.passes.push(subject.pass(way));
      }
      if (python) peerSeconds.push(...(await python.steps(1)).seconds);
    }
    subject.check();
  } finally {
    subject.dispose();
    python?.end();
  }
  const ours = fastest(ways.filter(({ kernels }) => kernels === 'fused'));
  const stock = fastest(ways.filter(({ kernels }) => kernels === 'stock'));
  const ratio = (part) => ours.passes.map((pass, round) => stock.passes[round][part] / pass[part]);
  const total = ratio('seconds');
  return {
    case: nameOf(setting),
    ours: figures(ours),
    stock: figures(stock),
    timesFaster: rounded(median(total)),
    timesFasterQuartiles: quartiles(total).map(rounded),
    timesFasterForward: rounded(median(ratio('forward'))),
    timesFasterBackward: rounded(median(ratio('backward'))),
    extraMemoryShare: rounded(ours.passes[0].extraMiB / stock.passes[0].extraMiB),
    ...(python && {
      python: {
        milliseconds: rounded(1000 * median(peerSeconds)),
        timesFaster: rounded(median(ours.passes.map(({ seconds }, round) => peerSeconds[round] / seconds))),
      },
    }),
  };
}

const fastest = (ways) =>
  ways.reduce((best, way) => (secondsOf(way, 'seconds') < secondsOf(best, 'seconds') ? way : best));

const secondsOf = ({ passes }, part) => median(passes.map((pass) => pass[part]));

const figures = (way) => ({
  layout: way.memoryFormat,
  milliseconds: rounded(1000 * secondsOf(way, 'seconds')),
  forwardMilliseconds: rounded(1000 * secondsOf(way, 'forward')),
  backwardMilliseconds: rounded(1000 * secondsOf(way, 'backward')),
  extraMiB: rounded(way.passes[0].extraMiB),
});

/** Steps of the Python program: one pass each, in its faster layout. */
function startPeer(python, setting, threads) {
  const program = new URL('./peer.py', import.meta.url).pathname;
  return new Stepper([python, program, JSON.stringify({ ...setting, threads })], {});
}

function describe({ case: name, ours, stock, python, ...row }) {
  const times = ({ milliseconds, forwardMilliseconds, backwardMilliseconds, layout }) =>
    `${milliseconds} ms (${forwardMilliseconds} + ${backwardMilliseconds}, ${layout})`;
  return (
    `${name}: ours ${times(ours)}, stock ${times(stock)}, ${row.timesFaster}× faster ` +
    `[${row.timesFasterQuartiles.join(', ')}], extra memory ${ours.extraMiB} / ${stock.extraMiB} MiB = ${row.extraMemoryShare}` +
    (python ? `, Python ${python.milliseconds} ms = ${python.timesFaster}×` : '')
  );
}

const rounded = (value) => Math.round(value * 1e3) / 1e3;
