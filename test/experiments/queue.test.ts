/** Checks the queue without processes: how many jobs run at a time, what is skipped, and what a failure does to others. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Job,
  type JobOutcome,
  JobQueue,
  paperScale,
  planExperiment,
  type QueueEvent,
} from 'coarsely/experiments';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobStatus } from '#experiments/job-status.js';
import { tablesNamed } from '#experiments/tables.js';
import { begin } from './begin-run.js';

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
    // A new run in a folder of its own; the checkpoint before the NaN would lead to it again.
    expect(third.started[0]?.resume).toBe(false);
    expect(third.events).toEqual([
      { type: 'set-aside', job, folder: `${job.folder}-failed-1` },
      { type: 'started', job, from: 0 },
    ]);
    expect(jobStatus(job).state).toBe('waiting');
    expect(readdirSync(`${job.folder}-failed-1`)).toEqual(
      expect.arrayContaining(['config.yaml', 'failure.json', 'metrics.jsonl']),
    );
    begin(job);
    third.started[0]?.end({ type: 'failed', message: 'the loss became NaN again', diverged: true });
    await retried;

    const fourth = queueOf(1, true);
    const once = fourth.queue.run([job]);
    await soon();
    expect(fourth.events[0]).toMatchObject({ type: 'set-aside', folder: `${job.folder}-failed-2` });
    fourth.started[0]?.end({ type: 'interrupted' });
    await once;
  });

  it('tries again what failed for another reason', async () => {
    const [job] = jobs;
    if (job === undefined) throw new Error('no job');
    begin(job, { checkpoint: 3 });
    const first = queueOf(1);
    const done = first.queue.run([job]);
    await soon();
    first.started[0]?.end({ type: 'failed', message: 'the disk is full', diverged: false });
    await done;
    const second = queueOf(1);
    const again = second.queue.run([job]);
    await soon();
    expect(second.started).toMatchObject([{ resume: true }]);
    expect(second.events).toMatchObject([{ type: 'started', from: 3 }]);
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
