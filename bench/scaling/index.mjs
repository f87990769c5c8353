// Two processes against one: the same step, the batch divided between two ranks of one thread each, on one host and
// across two (network namespaces joined by a virtual cable). All programs are alive at once and take turns step by step.
// From the gradients' bytes and a count of the network's products it also writes what 8 and 64 GPUs should reach.
//
//   npm run bench -- scaling [--rounds 15]

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, quartiles } from '../step/statistics.mjs';
import { Stepper } from '../step/stepper.mjs';
import { countOperations } from './count-operations.mjs';
import { namespacesMissing, openNamespaces } from './namespaces.mjs';
import { predictionTable, utilisation } from './prediction.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

export const options = { rounds: { type: 'string' } };

export async function run({ quick, rounds: wanted }) {
  const rounds = Number(wanted ?? (quick ? 2 : 15));
  const size = quick ? { height: 64, width: 64 } : { height: 256, width: 512 };
  const setting = { batchSize: 4, ...size, classCount: 19, precision: 'bfloat16', threads: 1 };
  const missing = namespacesMissing();
  if (missing !== null) console.log(`without two hosts: ${missing}`);
  const namespaces = missing === null ? openNamespaces() : null;
  const rank = (parts) =>
    new Stepper(
      [...(parts.enter ?? []), process.execPath, join(here, 'rank.mjs'), JSON.stringify(setting)],
      parts.environment,
    );
  const programs = [{ name: 'one process', processes: 1, steppers: [rank({ environment: alone })] }];
  try {
    const local = await freePort();
    programs.push({
      name: 'two processes, one host',
      processes: 2,
      steppers: [0, 1].map((at) =>
        rank({ environment: rankEnvironment(at, { address: '127.0.0.1', port: local }) }),
      ),
    });
    if (namespaces) {
      const { address } = namespaces.hosts[0];
      programs.push({
        name: 'two processes, two hosts',
        processes: 2,
        steppers: namespaces.hosts.map(({ enter, environment }, at) =>
          rank({
            enter,
            environment: {
              ...rankEnvironment(at, { address, port: 29_511 }),
              LOCAL_RANK: '0',
              ...environment,
            },
          }),
        ),
      });
    }
    const rows = await measure(programs, { rounds, warmUp: quick ? 1 : 3, setting });
    const { gradientBytes, torch } = rows;
    const prediction = predictionOf({ quick });
    return {
      versions: { coarsely: versionOf(), node: process.versions.node, libtorch: torch },
      setting,
      rounds,
      gradientMiB: mebibytes(gradientBytes),
      ...(missing !== null && { withoutTwoHosts: missing }),
      rows: rows.rows,
      prediction,
    };
  } finally {
    for (const { steppers } of programs) for (const stepper of steppers) stepper.end();
    namespaces?.close();
  }
}

async function measure(programs, { rounds, warmUp, setting }) {
  for (const program of programs) {
    program.ready = await Promise.all(program.steppers.map(({ ready }) => ready));
    program.seconds = [];
  }
  const step = async ({ steppers }, count) => {
    const answers = await Promise.all(steppers.map((stepper) => stepper.steps(count)));
    // The ranks of a step end together; the slowest says when.
    return Math.max(...answers.map(({ seconds }) => seconds.reduce((sum, each) => sum + each, 0)));
  };
  for (const program of programs) await step(program, warmUp);
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < programs.length; turn += 1) {
      const program = programs[(turn + round) % programs.length];
      program.seconds.push(await step(program, 1));
    }
  }
  const [one] = programs;
  const { gradientBytes, torch } = one.ready[0];
  const rows = programs.map(({ name, processes, seconds, ready }) => {
    const speedUps = seconds.map((each, round) => one.seconds[round] / each);
    const { allReduceSeconds } = ready[0];
    const row = {
      case: `${name}, one thread each: resnet18 with ARM, ${setting.batchSize}×3×${setting.height}×${setting.width}, ${setting.precision}`,
      secondsPerStep: rounded(median(seconds)),
      imagesPerSecond: rounded(setting.batchSize / median(seconds)),
      speedUp: rounded(median(speedUps)),
      speedUpQuartiles: quartiles(speedUps).map(rounded),
      efficiency: rounded(median(speedUps) / processes),
      ...(allReduceSeconds !== null && {
        allReduceMilliseconds: rounded(1000 * allReduceSeconds),
        // Bytes that pass each link in each direction, over time.
        busMiBPerSecond: Math.round(
          mebibytes(((2 * (processes - 1)) / processes) * gradientBytes) / allReduceSeconds,
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
  });
  return { rows, gradientBytes, torch };
}

/** The paper's network and batch: ResNet-101, 16 crops of 512×1024, on 8 GPUs two each; the same share on 64. */
function predictionOf({ quick }) {
  const counted = countOperations({
    backbone: quick ? 'resnet18' : 'resnet101',
    height: quick ? 64 : 512,
    width: quick ? 64 : 1024,
    classCount: 19,
  });
  const imagesPerRank = 2;
  const table = predictionTable({
    operations: imagesPerRank * counted.operationsPerImage,
    gradientBytes: counted.gradientBytes,
    bucketBytes: 25 * 2 ** 20,
  });
  for (const { ranks, processor, link, computeMilliseconds, exposedMilliseconds, efficiency } of table) {
    console.log(
      `on paper, ${ranks} × ${processor}, ${link}: ${computeMilliseconds} ms of compute, ${exposedMilliseconds} ms exposed, efficiency ${efficiency}`,
    );
  }
  return { ...counted, imagesPerRank, utilisation, table };
}

/** Not a rank, whatever started the bench. */
const alone = { RANK: '', WORLD_SIZE: '' };

function rankEnvironment(rank, { address, port }) {
  return {
    RANK: String(rank),
    WORLD_SIZE: '2',
    LOCAL_RANK: String(rank),
    MASTER_ADDR: address,
    MASTER_PORT: String(port),
  };
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

const versionOf = () => JSON.parse(readFileSync(join(here, '..', '..', 'package.json'), 'utf8')).version;
const mebibytes = (bytes) => bytes / 2 ** 20;
const rounded = (value) => Math.round(value * 1e4) / 1e4;
