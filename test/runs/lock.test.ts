import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RunWriter } from '#runs/run-writer.js';
import { failAlways } from '../support/broken-file-system.js';
import { scratchRun, trainRecord } from './run-folders.js';

const configYaml = 'name: tiny\n';

function runWithLock(owner: string | object): string {
  const folder = scratchRun();
  RunWriter.create(folder, { configYaml }).close();
  writeFileSync(join(folder, 'run.lock'), typeof owner === 'string' ? owner : JSON.stringify(owner));
  return folder;
}

/** A pid that was in use a moment ago and is not any more. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return Number(child.pid);
}

test('one writer at a time, and the lock goes with it', () => {
  const folder = scratchRun();
  const run = RunWriter.create(folder, { configYaml });
  expect(() => RunWriter.resume(folder, 0)).toThrow(
    `${folder}: process ${process.pid} is training into this folder`,
  );
  expect(() => RunWriter.resume(folder, 0)).toThrow(expect.objectContaining({ code: 'config' }));
  run.append(trainRecord(1, 1));
  run.close();
  expect(existsSync(join(folder, 'run.lock'))).toBe(false);
  RunWriter.resume(folder, 0).close();
});

test('another living process keeps its folder', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const gone = once(child, 'exit');
  const folder = runWithLock({ pid: child.pid, host: hostname() });
  expect(() => RunWriter.resume(folder, 0)).toThrow(`process ${child.pid} is training`);
  child.kill('SIGKILL');
  await gone;
  RunWriter.resume(folder, 0).close();
});

test('the lock of a dead process is taken over', async () => {
  const folder = runWithLock({ pid: await deadPid(), host: hostname() });
  const run = RunWriter.resume(folder, 0);
  expect(JSON.parse(readFileSync(join(folder, 'run.lock'), 'utf8'))).toMatchObject({ pid: process.pid });
  run.close();
});

test('a torn lock protects nobody', () => {
  RunWriter.resume(runWithLock('{"pid":'), 0).close();
});

test('a process on another machine counts as running', () => {
  const folder = runWithLock({ pid: 1, host: `${hostname()}-elsewhere` });
  expect(() => RunWriter.resume(folder, 0)).toThrow(/process 1 on .*-elsewhere is training/);
});

test('a failed resume does not keep the folder', () => {
  const folder = runWithLock('');
  expect(() => RunWriter.resume(folder, 7)).toThrow(/cannot be resumed at step 7/);
  expect(existsSync(join(folder, 'run.lock'))).toBe(false);
});

test('nobody removes the lock that another process has taken since', () => {
  const folder = scratchRun();
  const run = RunWriter.create(folder, { configYaml });
  const other = JSON.stringify({ pid: 1, host: hostname() });
  writeFileSync(join(folder, 'run.lock'), other);
  run.close();
  expect(readFileSync(join(folder, 'run.lock'), 'utf8')).toBe(other);
});

test('without hard links, too, there is one writer at a time', () => {
  failAlways('linkSync', 'ENOSYS');
  const folder = scratchRun();
  const run = RunWriter.create(folder, { configYaml });
  expect(JSON.parse(readFileSync(join(folder, 'run.lock'), 'utf8'))).toMatchObject({ pid: process.pid });
  expect(() => RunWriter.resume(folder, 0)).toThrow(`process ${process.pid} is training into this folder`);
  run.close();
  expect(existsSync(join(folder, 'run.lock'))).toBe(false);
  RunWriter.resume(folder, 0).close();
});

test('without hard links, the lock of a dead process is taken over', async () => {
  failAlways('linkSync', 'EPERM');
  const folder = runWithLock({ pid: await deadPid(), host: hostname() });
  RunWriter.resume(folder, 0).close();
});

test('a lock that is still being written is waited for', async () => {
  const folder = runWithLock('');
  const path = join(folder, 'run.lock');
  const owner = JSON.stringify({ pid: process.ppid, host: hostname() });
  const program = `setTimeout(() => require('node:fs').writeFileSync(${JSON.stringify(path)}, ${JSON.stringify(owner)}), 100)`;
  const child = spawn(process.execPath, ['-e', `console.log(1); ${program}`], { stdio: 'pipe' });
  const gone = once(child, 'exit');
  await once(child.stdout, 'data');
  expect(() => RunWriter.resume(folder, 0)).toThrow(`process ${process.ppid} is training`);
  await gone;
});

test.each([[''], ['--require ./no-links.cjs']])(
  'of processes that start at once, exactly one gets the lock %s',
  async (option) => {
    const folder = runWithLock(JSON.stringify({ pid: await deadPid(), host: hostname() }));
    writeFileSync(
      join(folder, 'no-links.cjs'),
      `const fs = require('node:fs');
      fs.linkSync = () => { throw Object.assign(new Error('ENOSYS'), { code: 'ENOSYS', syscall: 'link' }); };
      require('node:module').syncBuiltinESMExports();`,
    );
    const lock = join(import.meta.dirname, '../../dist/runs/run-lock.js');
    const program = `import { RunLock } from ${JSON.stringify(lock)};
      await new Promise((resolve) => setTimeout(resolve, ${Date.now() + 1500} - Date.now()));
      try { new RunLock('.'); console.log('locked'); } catch (error) { console.log(error.code); }
      await new Promise((resolve) => setTimeout(resolve, 1500));`;
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const words = [...option.split(' ').filter(Boolean), '--input-type=module', '-e', program];
        const child = spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
        let text = '';
        child.stdout.on('data', (piece: Buffer) => {
          text += piece.toString();
        });
        await once(child, 'close');
        return text.trim();
      }),
    );
    expect(answers.sort()).toEqual(['config', 'config', 'config', 'config', 'config', 'locked']);
  },
  30_000,
);
