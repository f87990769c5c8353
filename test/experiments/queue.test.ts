// The queue without processes: how many run at a time, what is skipped, and what a failure does to the others.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { configToYaml } from 'coarsely/config';
import {
  type Job,
  type JobOutcome,
  JobQueue,
  jobStatus,
  paperScale,
  planExperiment,
  type QueueEvent,
  tablesNamed,
} from 'coarsely/experiments';
import { RunWriter } from 'coarsely/runs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
let jobs: readonly Job[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-queue-'));
  const scale = paperScale({ cityscapes: folder });
  jobs = planExperiment(tablesNamed('table1'), {
    scale,
    seeds: 1,
    output: folder,
    set: ['precision=float32'],
  }).jobs;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A run's folder as its first moments leave it. */
function begin({ folder: run, config }: Job): void {
  RunWriter.create(run, { configYaml: configToYaml(config) }).close();
}

interface Started {
  readonly job: Job;
  readonly resume: boolean;
  readonly end: (outcome: JobOutcome) => void;
}

/** A queue whose processes end when the test says so. */
function queueOf(parallel: number, retryFailed = false) {
  const started: Started[] = [];
  const events: QueueEvent[] = [];
  const queue = new JobQueue({
    parallel,
    retryFailed,
    onEvent: (event) => events.push(event),
    start: (job, { resume }) => {
      let end: Started['end'] = () => undefined;
      const outcome = new Promise<JobOutcome>((resolve) => {
        end = resolve;
      });
      started.push({ job, resume, end });
      return { outcome, stop: () => end({ type: 'interrupted' }) };
    },
  });
  return { queue, started, events };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));
const names = (started: readonly Started[]) =>
  started.map(({ job }) => job.runName.replace('cityscapes-coarse-', ''));

describe('the queue', () => {
  it('keeps as many running as it may, in the order of the plan', async () => {
    const { queue, started } = queueOf(2);
    const done = queue.run(jobs);
    await soon();
    expect(names(started)).toEqual(['cross-entropy', 'linear-arm-attached']);
    started[1]?.end({ type: 'finished' });
    await soon();
    expect(names(started)).toEqual(['cross-entropy', 'linear-arm-attached', 'linear-arm']);
    for (let index = 0; index < jobs.length; index++) {
      started[index]?.end({ type: 'finished' });
      await soon();
    }
    expect(await done).toBe('finished');
    expect(started).toHaveLength(jobs.length);
  });

  it('starts nothing after stop, and waits for what runs', async () => {
    const { queue, started } = queueOf(1);
    const done = queue.run(jobs);
    await soon();
    queue.stop();
    expect(await done).toBe('interrupted');
    expect(started).toHaveLength(1);
  });

  it('keeps a diverged run in its folder, and starts it again only when asked', async () => {
    const [job] = jobs;
    if (job === undefined) throw new Error('no job');
    begin(job);
    const first = queueOf(1);
    const done = first.queue.run([job]);
    await soon();
    expect(first.started[0]?.resume).toBe(true);
    first.started[0]?.end({ type: 'failed', message: 'the loss became NaN at step 2', diverged: true });
    await done;
    expect(jobStatus(job)).toEqual({
      state: 'failed',
      message: 'the loss became NaN at step 2',
      diverged: true,
    });

    const second = queueOf(1);
    await second.queue.run([job]);
    expect(second.events.map(({ type }) => type)).toEqual(['skipped']);

    const third = queueOf(1, true);
    const retried = third.queue.run([job]);
    await soon();
    expect(jobStatus(job).state).toBe('interrupted');
    third.started[0]?.end({ type: 'interrupted' });
    await retried;
  });

  it('tries again what failed for another reason', async () => {
    const [job] = jobs;
    if (job === undefined) throw new Error('no job');
    begin(job);
    const first = queueOf(1);
    const done = first.queue.run([job]);
    await soon();
    first.started[0]?.end({ type: 'failed', message: 'the disk is full', diverged: false });
    await done;
    const second = queueOf(1);
    const again = second.queue.run([job]);
    await soon();
    expect(second.started).toHaveLength(1);
    second.started[0]?.end({ type: 'interrupted' });
    await again;
  });

  it('waits for a run that another process trains', async () => {
    const [job] = jobs;
    if (job === undefined) throw new Error('no job');
    begin(job);
    const lock = path.join(job.folder, 'run.lock');
    mkdirSync(job.folder, { recursive: true });
    writeFileSync(lock, `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`);
    const { queue, started, events } = queueOf(1);
    const done = queue.run([job]);
    await soon();
    expect(events).toMatchObject([{ type: 'found-running', pid: process.pid }]);
    expect(started).toHaveLength(0);
    rmSync(lock);
    while (started.length === 0) await soon();
    started[0]?.end({ type: 'interrupted' });
    await done;
  });
});
