// An hour of small runs, one after the other in one process: training with evaluation and checkpoints, an interruption and
// its resume, prediction and a report, over every combination of loss, reweighter, kernels and precision. Whatever a run
// leaves behind adds up, and the hour ends in an error.
//
//   npm run bench -- soak --minutes 60
//
// After every run a line is appended to build/bench/soak.jsonl, so that a killed hour is not lost; Ctrl-C ends it after the
// present run, with the results so far.

import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeScenes } from 'coarsely/data';
import { loadRun, predictInputs } from 'coarsely/evaluation';
import { writeReport } from 'coarsely/report';
import { engine } from 'coarsely/torch';
import { runTraining } from 'coarsely/training';
import { readGauges } from './gauges.mjs';
import { combination, combinationCount, soakConfig } from './settings.mjs';
import { verdictOf } from './verdict.mjs';

export const options = { minutes: { type: 'string' } };

const project = fileURLToPath(new URL('../..', import.meta.url));
/** Lines of progress, and points in the committed series. */
const shown = 120;

export async function run({ minutes: wanted, quick }) {
  const minutes = Number(wanted ?? (quick ? 0.3 : 60));
  const journal = join(project, 'build', 'bench', 'soak.jsonl');
  mkdirSync(join(project, 'build', 'bench'), { recursive: true });
  writeFileSync(journal, '');
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-soak-'));
  const samples = [];
  try {
    const root = join(folder, 'scenes');
    await writeScenes(root, { train: 8, validation: 2, width: 96, height: 64 });
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 60_000;
    let toldAt = 0;
    let ended = false;
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.once(signal, () => {
        ended = true;
      });
    }
    for (let index = 0; index === 0 || (elapsed() < minutes && !ended); index += 1) {
      const parts = combination(index);
      await oneRun(root, { parts, folder: join(folder, 'run') });
      const sample = { minutes: Math.round(elapsed() * 1000) / 1000, ...parts, ...(await readGauges()) };
      samples.push(sample);
      appendFileSync(journal, `${JSON.stringify(sample)}\n`);
      if (elapsed() < toldAt) continue;
      toldAt += minutes / shown;
      console.log(
        `${sample.minutes.toFixed(1)} of ${minutes} minutes, run ${samples.length}: resident ${sample.residentMiB} MiB, ` +
          `${sample.liveTensors} tensors, ${sample.openFiles} files, ${sample.threads} threads`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const { problems, ...figures } = verdictOf(samples, { round: combinationCount });
  const { perHour, standardError } = figures.residentMiB.slope;
  console.log(
    `${figures.runs} runs in ${figures.minutes.toFixed(1)} minutes: resident ${perHour} ± ${standardError} MiB an hour, ` +
      `live tensors ±${figures.spreads.liveTensors}, live bytes ±${figures.spreads.liveBytes}` +
      (figures.residentJudged ? '' : ' (too short to judge resident memory)'),
  );
  if (problems.length > 0) throw new Error(`memory is not flat (${journal}):\n  ${problems.join('\n  ')}`);
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  return {
    versions: { coarsely: version, node: process.versions.node, libtorch: engine().version },
    combinations: combinationCount,
    rows: [{ case: 'small training runs one after the other in one process', ...figures }],
    series: thinned(samples),
  };
}

/** A run as a person has it: started, interrupted, resumed, then used. */
async function oneRun(root, { parts, folder }) {
  const config = soakConfig(root, parts);
  const runFolder = join(folder, 'training');
  try {
    let steps = 0;
    const outcome = await runTraining(config, { runFolder, shouldStop: () => ++steps === 1 });
    if (outcome !== 'interrupted') throw new Error(`expected an interrupted run, received ${outcome}`);
    await runTraining(config, { runFolder, resume: true });
    const trained = await loadRun(runFolder);
    const output = join(folder, 'predictions');
    try {
      const { model, classes } = trained;
      await predictInputs(model, [join(root, 'images', 'val')], { output, classes });
    } finally {
      trained[Symbol.dispose]();
    }
    await writeReport([runFolder], { examples: 1 });
  } catch (error) {
    throw new Error(`${JSON.stringify(parts)}: ${error.message}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function thinned(samples) {
  const every = Math.max(1, Math.ceil(samples.length / shown));
  return samples
    .filter((_, index) => index % every === 0 || index === samples.length - 1)
    .map(
      ({
        minutes,
        residentMiB,
        cachedMiB,
        heapMiB,
        liveTensors,
        liveBytes,
        openFiles,
        threads,
        workers,
      }) => ({
        minutes,
        residentMiB,
        cachedMiB,
        heapMiB,
        liveTensors,
        liveBytes,
        openFiles,
        threads,
        workers,
      }),
    );
}
