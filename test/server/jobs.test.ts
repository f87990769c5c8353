import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createApi } from '#server/api.js';
import { createContext } from '#server/context.js';
import { EventHub } from '#server/event-hub.js';
import { type Job, JobQueue } from '#server/jobs/job-queue.js';
import { temporaryFolder, viewWorkspace, writeSmallDataset } from '../support/view-workspace.js';

const { folder, remove } = temporaryFolder();
const program = join(folder, 'program.mjs');
// Stands for the command line: prints its arguments, ends with a code, or waits for Ctrl-C.
writeFileSync(
  program,
  `const [what, code] = process.argv.slice(2);
process.on('SIGINT', () => { console.log('interrupted'); process.exit(130); });
console.log('begins ' + what);
process.stdout.write('10 %\\r20 %\\r30 %\\n');
if (what === 'wait') setInterval(() => undefined, 1000);
else process.exit(Number(code));
`,
);
afterAll(remove);

const until = async (met: () => boolean | Promise<boolean>) => {
  while (!(await met())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const start = (queue: JobQueue, ...given: string[]) =>
  queue.start({ kind: given[0] ?? '', title: 'a test', arguments: given });

describe('jobs', () => {
  it('run one after the other, and their output and end are kept', async () => {
    const events = new EventHub();
    const told = new Set<string>();
    events.listen((event) => event.type === 'job' && told.add(event.job));
    const queue = new JobQueue({ folder: join(folder, 'a'), events, program });
    const jobs = [start(queue, 'good', '0'), start(queue, 'bad', '3')];
    expect(jobs.map(({ state }) => state)).toEqual(['running', 'waiting']);
    await until(() => queue.list().every(({ ended }) => ended !== null));
    const [bad, good] = queue.list() as [Job, Job];
    expect([good.state, good.exitCode, bad.state, bad.exitCode]).toEqual(['finished', 0, 'failed', 3]);
    expect(bad.started as number).toBeGreaterThanOrEqual(good.ended as number);
    expect(await queue.lastLines(good.id)).toEqual(['begins good', '30 %']);
    expect([...told].sort()).toEqual(jobs.map(({ id }) => id).sort());
    await queue.close();
    const again = new JobQueue({ folder: join(folder, 'a'), events, program });
    expect(again.list()).toEqual([bad, good]);
    await again.close();
  });

  it('end by a request as by Ctrl-C; those that wait are not started', async () => {
    const queue = new JobQueue({ folder: join(folder, 'b'), events: new EventHub(), program });
    const running = start(queue, 'wait');
    const waiting = start(queue, 'good', '0');
    expect(() => start(queue, 'wait')).toThrow('the same command is running already: coarsely wait');
    expect(queue.cancel(waiting.id).state).toBe('canceled');
    await until(async () => (await queue.lastLines(running.id)).length > 1);
    queue.cancel(running.id);
    await until(() => queue.get(running.id).ended !== null);
    expect(queue.get(running.id)).toMatchObject({ state: 'canceled', exitCode: 130 });
    expect(await queue.lastLines(running.id)).toContain('interrupted');
    expect(() => queue.cancel(running.id)).toThrow('the job has ended already');
    expect(() => queue.get('nothing')).toThrow("there is no job 'nothing'");
    await queue.close();
  });

  it('outlive a server that was killed, and the next one finds and ends them', async () => {
    const options = { folder: join(folder, 'c'), events: new EventHub(), program };
    const killed = new JobQueue(options);
    const { id } = start(killed, 'wait');
    await until(async () => (await killed.lastLines(id)).length > 1);
    const next = new JobQueue(options);
    expect(next.get(id).state).toBe('running');
    expect(start(next, 'good', '0').state).toBe('waiting');
    await next.close();
    expect(next.list().map(({ state }) => state)).toEqual(['canceled', 'canceled']);
    await killed.close();
  });
});

describe('calls about jobs', () => {
  it('show the command that a button stands for, with the paths of the workspace', async () => {
    const data = join(folder, 'data');
    await writeSmallDataset(data);
    mkdirSync(join(folder, 'runs'), { recursive: true });
    const context = createContext(viewWorkspace(folder, { reading: { labelSuffix: '_mask' } }));
    const api = createApi(context);
    const post = (path: string, body: unknown) =>
      api.request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const { command } = (await (await post('/jobs/command', { kind: 'audit' })).json()) as {
      command: string;
    };
    expect(command).toMatch(
      /^coarsely audit \S*data --labels coarse --split train --output \S*runs\/audit-data --set /,
    );
    expect(command).toContain(`data.labelSuffix="_mask"`);
    for (const [body, status, message] of [
      [{ kind: 'rm' }, 404, "there is no job of the kind 'rm'"],
      [{ kind: 'constructor' }, 404, "there is no job of the kind 'constructor'"],
      [{ kind: 'apply', options: { name: '../x' } }, 400, 'options.name: expected letters'],
      [{ kind: 'audit', options: { output: '/etc' } }, 400, 'output'],
      [{}, 400, 'kind: '],
    ] as const) {
      const response = await post('/jobs', body);
      expect(response.status).toBe(status);
      expect(((await response.json()) as { error: string }).error).toContain(message);
    }
    expect((await api.request('/jobs/nothing')).status).toBe(404);
    expect(await (await api.request('/jobs')).json()).toEqual({ jobs: [] });
    await context.close();
  });
});
