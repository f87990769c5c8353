import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RunWriter } from '#runs/run-writer.js';
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
