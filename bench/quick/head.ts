/** Measures the steps of a head on rows of features, as wide as those of MobileNetV2, and too many for a cache. */

import { join } from 'node:path';
import type { PeerTorch } from '../support/peers.js';
import { Program } from '../support/program.js';
import { takeTurns } from '../support/rounds.js';
import { median, ratiosOf, roundTo, summarize } from '../support/statistics.js';
import { type Conditions, peerProgram } from './features.js';
import type { HeadSetting } from './setting.js';

const digits = 3;

interface RunningWay {
  readonly name: string;
  readonly program: Program<unknown, { seconds: number[]; peakMiB: number }>;
  readonly seconds: number[];
}

/** Returns rows for a head with cross-entropy and with ARM, in each precision. */
export async function measureHead(quick: boolean, conditions: Conditions) {
  const setting: HeadSetting = {
    rows: quick ? 2000 : 200_000,
    channels: 488,
    classCount: 11,
    hidden: 64,
    drawn: quick ? 256 : 8192,
    steps: quick ? 5 : 500,
    threads: conditions.threads,
  };
  const running: RunningWay[] = [];
  try {
    for (const { name, command, parameters } of waysOf(conditions)) {
      const program: RunningWay['program'] = new Program(
        [...command, JSON.stringify({ ...setting, ...parameters })],
        { COARSELY_TORCH: conditions.torch.folder },
      );
      running.push({ name, program, seconds: [] });
      await program.ready;
    }
    // A turn takes seconds, so the first ones, in which caches fill, are no more than one in a hundred of it.
    await takeTurns(running, Math.ceil(conditions.rounds / 2), async ({ program, seconds }) => {
      seconds.push(median((await program.steps(1)).seconds));
    });
    return createRows(setting, conditions.torch, running);
  } finally {
    for (const { program } of running) program.end();
  }
}

function waysOf({ python }: Conditions) {
  const precisions = ['float32', 'bfloat16'];
  const ours = [process.execPath, join(import.meta.dirname, 'head-ours.js')];
  return [
    ...precisions.flatMap((precision) => [
      { name: `ours ${precision}`, command: ours, parameters: { precision, reweighter: null } },
      { name: `ours ARM ${precision}`, command: ours, parameters: { precision, reweighter: 'arm' } },
    ]),
    ...precisions.map((precision) => ({
      name: `PyTorch ${precision}`,
      command: [python, peerProgram, 'head'],
      parameters: { precision },
    })),
  ];
}

function createRows(
  { steps, drawn, channels, hidden, classCount }: HeadSetting,
  torch: PeerTorch,
  running: readonly RunningWay[],
) {
  const find = (name: string) => {
    const found = running.find((each) => each.name === name);
    if (!found) throw new Error(`no program is called ${name}`);
    return found;
  };
  return running
    .filter(({ name }) => name.startsWith('ours'))
    .map(({ name, seconds }) => {
      const peer = find(`PyTorch ${name.split(' ').at(-1)}`);
      const ratio = summarize(ratiosOf(seconds, peer.seconds), { digits });
      const row = {
        case: `head, ${steps} steps of ${drawn} × ${channels}, hidden ${hidden}, ${classCount} classes: ${name}`,
        libtorch: torch.version,
        ours: roundTo(median(seconds), digits),
        peer: roundTo(median(peer.seconds), digits),
        unit: `seconds for ${steps} steps`,
        ratio: ratio.median,
        ratioQuartiles: ratio.quartiles,
      };
      console.log(
        `torch ${torch.version}, ${row.case}: ours ${row.ours} s, peer (cross-entropy) ${row.peer} s, ` +
          `ratio ${row.ratio} [${row.ratioQuartiles.join(', ')}]`,
      );
      return row;
    });
}
