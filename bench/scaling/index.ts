/**
 * Measures two processes against one: the same step, the batch divided between two ranks of one thread each, on one host
 * and across two (network namespaces joined by a virtual cable). All programs are alive at once and take turns step by
 * step. From the gradients' bytes and a count of the network's products it also predicts what 8 and 64 GPUs should reach.
 *
 *   npm run bench -- scaling [--rounds 15]
 */

import { createServer } from 'node:net';
import { join } from 'node:path';
import { defineBench } from '../support/bench.js';
import { packageVersions } from '../support/machine.js';
import { Program } from '../support/program.js';
import { takeTurns } from '../support/rounds.js';
import { median, ratiosOf, roundTo, summarize } from '../support/statistics.js';
import { countOperations } from './count-operations.js';
import { type Namespaces, openNamespaces, reasonWithoutNamespaces } from './namespaces.js';
import { createPredictionTable, utilization } from './prediction.js';

const digits = 4;
/** The port by which ranks on two hosts meet; in their own namespaces nobody else uses it. */
const meetingPort = 29_511;

/** Configures one process of the bench. */
export interface RankSetting {
  readonly batchSize: number;
  readonly height: number;
  readonly width: number;
  readonly classCount: number;
  readonly precision: 'float32' | 'bfloat16';
  readonly threads: number;
}

/** Holds what a process reports before its first step. */
export interface RankReady {
  readonly torch: string;
  readonly gradientBytes: number;
  /** Null for a process that trains alone. */
  readonly allReduceSeconds: number | null;
}

type RankProgram = Program<RankReady, { seconds: number[] }>;

/** The processes that together take one step, and the seconds of each step. */
interface Arrangement {
  readonly name: string;
  readonly programs: readonly RankProgram[];
  readonly seconds: number[];
}

export const bench = defineBench({
  options: { rounds: { type: 'string' } },

  async run({ quick, rounds: wanted }) {
    const rounds = Number(wanted ?? (quick ? 2 : 15));
    const size = quick ? { height: 64, width: 64 } : { height: 256, width: 512 };
    const setting: RankSetting = {
      ...{ batchSize: 4, ...size, classCount: 19 },
      ...{ precision: 'bfloat16', threads: 1 },
    };
    const withoutTwoHosts = reasonWithoutNamespaces();
    if (withoutTwoHosts !== null) console.log(`without two hosts: ${withoutTwoHosts}`);
    const namespaces = withoutTwoHosts === null ? openNamespaces() : null;
    const arrangements = arrange(setting, { localPort: await findFreePort(), namespaces });
    try {
      const readies = await Promise.all(
        arrangements.map(({ programs }) => Promise.all(programs.map(({ ready }) => ready))),
      );
      await takeTurns(arrangements, quick ? 1 : 3, async (each) => void (await takeStep(each)));
      await takeTurns(arrangements, rounds, async (each) => {
        each.seconds.push(await takeStep(each));
      });
      const [alone] = arrangements;
      const first = readies[0]?.[0];
      if (!alone || !first) throw new Error('no process is ready');
      return {
        versions: { ...packageVersions(), libtorch: first.torch },
        setting,
        rounds,
        gradientMiB: mebibytes(first.gradientBytes),
        ...(withoutTwoHosts !== null && { withoutTwoHosts }),
        rows: arrangements.map((each, place) =>
          createRow(each, { setting, alone, ready: readies[place]?.[0] ?? first }),
        ),
        prediction: predictGpus({ quick }),
      };
    } finally {
      for (const { programs } of arrangements) for (const program of programs) program.end();
      namespaces?.close();
    }
  },
});

/** Starts one process, two on this host and, where namespaces exist, two on two hosts. */
function arrange(
  setting: RankSetting,
  { localPort, namespaces }: { readonly localPort: number; readonly namespaces: Namespaces | null },
): Arrangement[] {
  const command = [process.execPath, join(import.meta.dirname, 'rank.js'), JSON.stringify(setting)];
  // Whatever started the bench, a process that trains alone is no rank.
  const alone: RankProgram = new Program(command, { RANK: '', WORLD_SIZE: '' });
  const onOneHost = [0, 1].map(
    (rank): RankProgram =>
      new Program(command, rankEnvironment(rank, { address: '127.0.0.1', port: localPort })),
  );
  const onTwoHosts = namespaces?.hosts.map(({ enter, environment }, rank): RankProgram => {
    const meeting = { address: namespaces.hosts[0].address, port: meetingPort };
    return new Program([...enter, ...command], {
      ...rankEnvironment(rank, meeting),
      LOCAL_RANK: '0',
      ...environment,
    });
  });
  return [
    { name: 'one process', programs: [alone], seconds: [] },
    { name: 'two processes, one host', programs: onOneHost, seconds: [] },
    ...(onTwoHosts ? [{ name: 'two processes, two hosts', programs: onTwoHosts, seconds: [] }] : []),
  ];
}

async function takeStep({ programs }: Arrangement): Promise<number> {
  const answers = await Promise.all(programs.map((program) => program.steps(1)));
  // The ranks of a step end together, so the slowest determines its duration.
  return Math.max(...answers.flatMap(({ seconds }) => seconds));
}

function createRow(
  { name, programs, seconds }: Arrangement,
  {
    setting,
    alone,
    ready,
  }: { readonly setting: RankSetting; readonly alone: Arrangement; readonly ready: RankReady },
) {
  const { batchSize, height, width, precision } = setting;
  const { allReduceSeconds, gradientBytes } = ready;
  const speedUps = ratiosOf(alone.seconds, seconds);
  const speedUp = summarize(speedUps, { digits });
  const row = {
    case: `${name}, one thread each: resnet18 with ARM, ${batchSize}×3×${height}×${width}, ${precision}`,
    secondsPerStep: roundTo(median(seconds), digits),
    imagesPerSecond: roundTo(batchSize / median(seconds), digits),
    speedUp: speedUp.median,
    speedUpQuartiles: speedUp.quartiles,
    efficiency: roundTo(median(speedUps) / programs.length, digits),
    ...(allReduceSeconds !== null && {
      allReduceMilliseconds: roundTo(1000 * allReduceSeconds, digits),
      // The bytes that pass each link in each direction, over time.
      busMiBPerSecond: Math.round(
        mebibytes(((2 * (programs.length - 1)) / programs.length) * gradientBytes) / allReduceSeconds,
      ),
    }),
  };
  console.log(
    `${row.case}: ${row.secondsPerStep} s a step, ${row.speedUp}× one process, efficiency ${row.efficiency}` +
      (row.busMiBPerSecond
        ? `, all-reduce of ${Math.round(mebibytes(gradientBytes))} MiB ${row.allReduceMilliseconds} ms (${row.busMiBPerSecond} MiB/s)`
        : ''),
  );
  return row;
}

/** Predicts the paper's network and batch: ResNet-101, 16 crops of 512×1024, two on each of 8 GPUs; the same on 64. */
function predictGpus({ quick }: { readonly quick: boolean }) {
  const counted = countOperations({
    backbone: quick ? 'resnet18' : 'resnet101',
    height: quick ? 64 : 512,
    width: quick ? 64 : 1024,
    classCount: 19,
  });
  const imagesPerRank = 2;
  const table = createPredictionTable(imagesPerRank * counted.operationsPerImage, {
    gradientBytes: counted.gradientBytes,
    bucketBytes: 25 * 2 ** 20,
  });
  for (const { ranks, processor, link, computeMilliseconds, exposedMilliseconds, efficiency } of table) {
    console.log(
      `predicted, ${ranks} × ${processor}, ${link}: ${computeMilliseconds} ms of compute, ` +
        `${exposedMilliseconds} ms exposed, efficiency ${efficiency}`,
    );
  }
  return { ...counted, imagesPerRank, utilization, table };
}

function rankEnvironment(
  rank: number,
  { address, port }: { readonly address: string; readonly port: number },
): Record<string, string> {
  return {
    RANK: String(rank),
    WORLD_SIZE: '2',
    LOCAL_RANK: String(rank),
    MASTER_ADDR: address,
    MASTER_PORT: String(port),
  };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('the server has no port'));
      });
    });
  });
}

function mebibytes(bytes: number): number {
  return bytes / 2 ** 20;
}
