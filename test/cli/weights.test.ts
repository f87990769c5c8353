/** Checks `coarsely weights`, and the folder recipes with ImageNet weights, as a person runs them. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ResNet } from 'coarsely/models';
import { writeScenes } from 'coarsely/scenes';
import { Generator, scope, writeSafetensors } from 'coarsely/torch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTransferDisplay } from '#cli/output/transfer-display.js';
import { good, serveFile, unreachableUrl } from '../support/file-server.js';
import { coarsely } from './run-command.js';

let folder: string;
let environment: Record<string, string>;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-weights-cli-'));
  environment = { XDG_CACHE_HOME: path.join(folder, 'cache'), TORCH_HOME: path.join(folder, 'torch') };
  await writeScenes(path.join(folder, 'scenes'), { train: 4, validation: 2, width: 96, height: 64 });
  mkdirSync(path.join(folder, 'mine'));
  using _tensors = scope();
  using generator = new Generator(5);
  const backbone = new ResNet(18, { stem: 'torchvision', generator });
  writeSafetensors(path.join(folder, 'mine', 'resnet18-imagenet.safetensors'), backbone.stateDict());
  backbone.dispose();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const train = [
  ...['train', 'folder-arm', '--data', 'scenes', '--set', 'threads=1', '--set', 'training.iterations=2'],
  ...[
    '--set',
    'data.augmentation.cropSize=[64,64]',
    '--set',
    'training.batchSize=2',
    '--set',
    'data.workers=1',
  ],
  ...['--set', 'model.head.channels=32', '--set', 'model.auxiliary.channels=32'],
];

describe('coarsely weights', () => {
  it('lists kinds, files, sizes and what is on this machine', async () => {
    const { code, stdout } = await coarsely(['weights'], {
      environment: { ...environment, COARSELY_WEIGHTS_URL: path.join(folder, 'mine') },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^resnet18 +resnet18-f37072fd\.pth +45 MiB {2}\S+\/mine\/resnet18-imagenet\.safetensors$/m,
    );
    expect(stdout).toMatch(/^mobilenet_v2 +mobilenet_v2-b0353104\.pth +14 MiB {2}not fetched yet$/m);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `kept in ${path.join(folder, 'cache/coarsely/weights')}`,
    );
  });

  it('names what it has, and what nobody published', async () => {
    const options = { environment: { ...environment, COARSELY_WEIGHTS_URL: path.join(folder, 'mine') } };
    const { code, stdout } = await coarsely(['weights', 'resnet18'], options);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^resnet18: \S+\/resnet18-imagenet\.safetensors \(SHA-256 [0-9a-f]{64}, no hash is published for this file\)\n$/,
    );
    const unknown = await coarsely(['weights', 'resnet19'], options);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain(
      "no ImageNet weights are published for 'resnet19'; did you mean resnet18?",
    );
  });

  it('says in one line that a mirror sends something else, and leaves nothing', async () => {
    const { url } = await serveFile(Buffer.from('hello'), [good]);
    const { code, stderr } = await coarsely(['weights', 'resnet18'], {
      environment: { ...environment, COARSELY_WEIGHTS_URL: url },
    });
    expect(code).toBe(1);
    const [first, second, ...others] = stderr.trimEnd().split('\n');
    expect(first).toBe(`fetching ${url}/resnet18-f37072fd.pth`);
    expect(second).toContain('100%');
    expect(others).toEqual([
      expect.stringMatching(/^coarsely: .*is not the expected file: .*what came was not kept; put/),
    ]);
  });
});

describe('a folder recipe', () => {
  it('without network and file stops in one line and leaves no run', async () => {
    const { code, stderr } = await coarsely(train, {
      cwd: folder,
      environment: { ...environment, COARSELY_WEIGHTS_URL: await unreachableUrl() },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^coarsely: no network: 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\); put resnet18-f37072fd\.pth from \S+ into \S+, or set COARSELY_WEIGHTS_URL to a mirror or a folder that has it, or model\.backbone\.weights=null for random weights\n$/,
    );
    expect(() => readFileSync(path.join(folder, 'runs'))).toThrow('ENOENT');
  });

  it('starts from the weights of a folder, says which, and is evaluated without them', async () => {
    const { code, stdout, stderr } = await coarsely(train, {
      cwd: folder,
      environment: { ...environment, COARSELY_WEIGHTS_URL: path.join(folder, 'mine') },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^note: starts from ImageNet weights \S+\/mine\/resnet18-imagenet\.safetensors \(SHA-256 [0-9a-f]{16}…; no hash is published for this file\)$/m,
    );
    expect(stdout.match(/starts from ImageNet weights/g)).toHaveLength(1);
    const offline = { ...environment, COARSELY_WEIGHTS_URL: await unreachableUrl() };
    const scored = await coarsely(['evaluate', 'runs/folder-arm'], { cwd: folder, environment: offline });
    expect(scored).toMatchObject({ code: 0, stderr: '' });
  });

  it('trains from random weights, or from a network that is named, without a network', async () => {
    const offline = { ...environment, COARSELY_WEIGHTS_URL: await unreachableUrl() };
    const random = await coarsely([...train, '--set', 'model.backbone.weights=null', '--name', 'random'], {
      cwd: folder,
      environment: offline,
    });
    expect(random).toMatchObject({ code: 0, stderr: '' });
    const again = await coarsely([...train, '--weights', 'runs/random', '--name', 'again'], {
      cwd: folder,
      environment: offline,
    });
    expect(again).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the progress of a transfer', () => {
  const url = 'https://weights.example/net-01234567.pth';
  const mebibyte = 2 ** 20;

  /** Shows pieces of a megabyte, one a second, and returns what was written. */
  function written(everyMilliseconds: number): string {
    let text = '';
    let time = 0;
    const stream = {
      isTTY: false,
      write(piece: string) {
        text += piece;
        return true;
      },
    };
    const display = createTransferDisplay({ stream: stream as never, everyMilliseconds, now: () => time });
    for (let done = 0; done <= 4; done += 1) {
      display.show({ fileName: 'net-01234567.pth', url, bytes: done * mebibyte, totalBytes: 4 * mebibyte });
      time += 1000;
    }
    display.close();
    return text;
  }

  it('is lines now and then where there is no terminal, with bytes, rate and time left', () => {
    expect(written(2000)).toBe(
      `fetching ${url}\n` +
        'net-01234567.pth  2.0 of 4.0 MiB  50%  1.0 MiB/s  0:02 left\n' +
        'net-01234567.pth  4.0 of 4.0 MiB  100%  1.0 MiB/s  0:00 left\n',
    );
  });

  it('is the start and the end where it is quick', () => {
    expect(written(10_000).split('\n')).toHaveLength(3);
  });
});
