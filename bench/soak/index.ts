/**
 * Runs small trainings for an hour, one after the other in one process: training with evaluation and checkpoints, an
 * interruption and its resume, prediction and a report, over every combination of loss, reweighter, kernels and
 * precision. Whatever a run leaves behind adds up, and the hour ends in an error.
 *
 *   npm run bench -- soak --minutes 60
 *
 * After every run a line is appended to build/bench/results/soak.jsonl, so that a killed hour is not lost; Ctrl-C ends it
 * after the present run, with the results so far.
 */

import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRun, predictInputs } from 'coarsely/evaluation';
import { writeReport } from 'coarsely/report';
import { writeScenes } from 'coarsely/scenes';
import { runTraining } from 'coarsely/training';
import { BenchError, defineBench } from '../support/bench.js';
import { engineVersions } from '../support/machine.js';
import { scratchFolder } from '../support/results.js';
import { readGauges } from './gauges.js';
import { type Combination, combinationCount, combinationOf, createConfig } from './settings.js';
import { judge, type Sample } from './verdict.js';

/** The number of progress lines, and of points in the committed series. */
const shownCount = 120;
const journal = join(scratchFolder, 'soak.jsonl');

type SoakSample = Sample & Combination;

export const bench = defineBench({
  options: { minutes: { type: 'string' } },

  async run({ minutes: wanted, quick }) {
    const samples = await soak(Number(wanted ?? (quick ? 0.3 : 60)));
    const { problems, ...figures } = judge(samples, { round: combinationCount });
    const { perHour, standardError } = figures.residentMiB.slope;
    console.log(
      `${figures.runs} runs in ${figures.minutes.toFixed(1)} minutes: resident ${perHour} ± ${standardError} MiB an hour, ` +
        `live tensors ±${figures.spreads.liveTensors}, live bytes ±${figures.spreads.liveBytes}` +
        (figures.residentJudged ? '' : ' (too short to judge resident memory)'),
    );
    if (problems.length > 0)
      throw new BenchError(`memory is not flat (${journal}):\n  ${problems.join('\n  ')}`);
    return {
      versions: engineVersions(),
      combinations: combinationCount,
      rows: [{ case: 'small training runs one after the other in one process', ...figures }],
      series: thin(samples),
    };
  },
});

/** Runs combinations until the time is over, at least one, and reads the gauges after each. */
async function soak(minutes: number): Promise<SoakSample[]> {
  mkdirSync(scratchFolder, { recursive: true });
  writeFileSync(journal, '');
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-soak-'));
  const samples: SoakSample[] = [];
  try {
    const root = join(folder, 'scenes');
    await writeScenes(root, { train: 8, validation: 2, width: 96, height: 64 });
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 60_000;
    let nextProgress = 0;
    let isStopRequested = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        isStopRequested = true;
      });
    }
    for (let index = 0; index === 0 || (elapsed() < minutes && !isStopRequested); index += 1) {
      const combination = combinationOf(index);
      await runOnce(root, { combination, folder: join(folder, 'run') });
      const sample = {
        minutes: Math.round(elapsed() * 1000) / 1000,
        ...combination,
        ...(await readGauges()),
      };
      samples.push(sample);
      appendFileSync(journal, `${JSON.stringify(sample)}\n`);
      if (elapsed() < nextProgress) continue;
      nextProgress += minutes / shownCount;
      console.log(
        `${sample.minutes.toFixed(1)} of ${minutes} minutes, run ${samples.length}: resident ${sample.residentMiB} MiB, ` +
          `${sample.liveTensors} tensors, ${sample.openFiles} files, ${sample.threads} threads`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return samples;
}

/** Does what a user does with a run: starts, interrupts and resumes it, predicts with it and writes its report. */
async function runOnce(
  root: string,
  { combination, folder }: { readonly combination: Combination; readonly folder: string },
): Promise<void> {
  const config = createConfig(root, combination);
  const runFolder = join(folder, 'training');
  try {
    let steps = 0;
    const outcome = await runTraining(config, { runFolder, shouldStop: () => ++steps === 1 });
    if (outcome !== 'interrupted') throw new Error(`expected an interrupted run, received ${outcome}`);
    await runTraining(config, { runFolder, resume: true });
    {
      using trained = await loadRun(runFolder);
      const { model, classes } = trained;
      const output = join(folder, 'predictions');
      await predictInputs(model, [join(root, 'images', 'val')], { output, classes });
    }
    await writeReport([runFolder], { examples: 1 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${JSON.stringify(combination)}: ${reason}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Keeps at most about `shownCount` samples and, of each, the gauges that a reader wants to see over time. */
function thin(samples: readonly SoakSample[]) {
  const every = Math.max(1, Math.ceil(samples.length / shownCount));
  return samples
    .filter((_, index) => index % every === 0 || index === samples.length - 1)
    .map((sample) => ({
      minutes: sample.minutes,
      residentMiB: sample.residentMiB,
      cachedMiB: sample.cachedMiB,
      heapMiB: sample.heapMiB,
      liveTensors: sample.liveTensors,
      liveBytes: sample.liveBytes,
      openFiles: sample.openFiles,
      threads: sample.threads,
      workers: sample.workers,
    }));
}
