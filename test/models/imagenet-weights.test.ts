/** Checks where ImageNet weights are looked for, what is said when they are not there, and that networks start from them. */

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, DownloadError } from 'coarsely/errors';
import { backbones, createSegmentor, fetchImageNetWeights, type ModelSection, ResNet } from 'coarsely/models';
import { Generator, scope, setThreads, writeSafetensors } from 'coarsely/torch';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { fetchPublished, withWeightsFile } from '#models/imagenet/fetch-weights.js';
import { weightsSource } from '#models/imagenet/find-weights.js';
import { publishedFileOf } from '#models/imagenet/imagenet-option.js';
import { type PublishedFile, publishedFiles } from '#models/imagenet/published-files.js';
import { answer, good, serveFile, unreachableUrl } from '../support/file-server.js';

setThreads(1);

const content = Buffer.from('weights, as far as these tests are concerned');
const sha256 = createHash('sha256').update(content).digest('hex');
const published: PublishedFile = {
  kind: 'tiny',
  url: `https://weights.example/tiny-${sha256.slice(0, 8)}.pth`,
  fileName: `tiny-${sha256.slice(0, 8)}.pth`,
  sha256Prefix: sha256.slice(0, 8),
  mebibytes: 1,
  options: {},
};
const limits = { waitMilliseconds: 1, attempts: 2 };

let home: string;
let cached: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'coarsely-weights-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  cached = join(home, 'coarsely', 'weights', published.fileName);
  vi.stubEnv('XDG_CACHE_HOME', home);
  for (const name of ['COARSELY_WEIGHTS_URL', 'TORCH_HOME', 'http_proxy', 'HTTP_PROXY']) {
    vi.stubEnv(name, undefined);
  }
});

function put(path: string, bytes: Buffer = content): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

async function messageOf(promise: Promise<unknown>, type: abstract new (...words: never[]) => Error) {
  const error: unknown = await promise.catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(type);
  const { message } = error as Error;
  expect(message).not.toContain('\n');
  return message;
}

describe('published files', () => {
  test('have the first digits of their SHA-256 in their names, and the names that torchvision gives them', () => {
    for (const { fileName, sha256Prefix, url, kind } of publishedFiles.values()) {
      expect(fileName).toMatch(new RegExp(`^${kind}-[0-9a-f]{8}\\.pth$`));
      expect(fileName).toBe(`${kind}-${sha256Prefix}.pth`);
      expect(url.startsWith('https://') && url.endsWith(`/${fileName}`)).toBe(true);
    }
    expect([...publishedFiles.values()].map(({ url }) => url)).toEqual([
      'https://download.pytorch.org/models/resnet18-f37072fd.pth',
      'https://download.pytorch.org/models/resnet34-b627a593.pth',
      'https://download.pytorch.org/models/resnet50-0676ba61.pth',
      'https://download.pytorch.org/models/resnet101-63fe2227.pth',
      'https://download.pytorch.org/models/mobilenet_v2-b0353104.pth',
      'https://download.pytorch.org/models/mobilenet_v3_large-8738ca79.pth',
      'https://github.com/zhanghang1989/ResNeSt/releases/download/weights_step1/resnest50-528c19ca.pth',
      'https://github.com/zhanghang1989/ResNeSt/releases/download/weights_step1/resnest101-22405ba7.pth',
    ]);
  });

  test('are there for every backbone of a config', () => {
    expect(backbones.kinds().filter((kind) => !publishedFiles.has(kind))).toEqual([]);
  });
});

describe('a mirror', () => {
  test('gives the file once, and it is kept', async () => {
    const server = await serveFile(content, [good]);
    vi.stubEnv('COARSELY_WEIGHTS_URL', `${server.url}/models/`);
    const bytes: number[] = [];
    const found = await fetchPublished(published, { onProgress: (progress) => bytes.push(progress.bytes) });
    expect(found).toEqual({ kind: 'tiny', file: cached, sha256, published: true });
    expect(bytes.at(-1)).toBe(content.length);
    expect(await fetchPublished(published, {})).toEqual(found);
    expect(server.requests).toEqual([`GET /models/${published.fileName}`]);
  });

  test('without the file: one line says what to do', async () => {
    const { url } = await serveFile(content, [answer(404)]);
    vi.stubEnv('COARSELY_WEIGHTS_URL', url);
    expect(await messageOf(fetchPublished(published, limits), DownloadError)).toBe(
      `${url}/${published.fileName}: the server answers 404 Not Found, it has no such file; put ${published.fileName} ` +
        `from ${published.url} into ${join(home, 'coarsely', 'weights')}, or set COARSELY_WEIGHTS_URL to a mirror or a ` +
        'folder that has it, or model.backbone.weights=null for random weights',
    );
  });

  test('with another file under the name of a real one: nothing is kept', async () => {
    const { url } = await serveFile(content, [good]);
    vi.stubEnv('COARSELY_WEIGHTS_URL', url);
    const message = await messageOf(fetchImageNetWeights('resnet18', limits), DownloadError);
    expect(message).toContain(
      `its SHA-256 begins with ${sha256.slice(0, 8)}, expected f37072fd; what came was not kept`,
    );
    expect(readdirSync(join(home, 'coarsely', 'weights'))).toEqual([]);
  });

  test('that cannot be reached: one line names file, folder, variable and key', async () => {
    vi.stubEnv('COARSELY_WEIGHTS_URL', await unreachableUrl());
    const message = await messageOf(fetchImageNetWeights('resnet18', limits), DownloadError);
    expect(message).toMatch(
      /^no network: 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\); put resnet18-f37072fd\.pth from https:\/\/download\.pytorch\.org\/models\/resnet18-f37072fd\.pth into .*, or set COARSELY_WEIGHTS_URL .*, or model\.backbone\.weights=null for random weights$/,
    );
  });

  test('is not asked for a file that torch.hub has', async () => {
    const file = put(join(home, 'torch', 'hub', 'checkpoints', published.fileName));
    vi.stubEnv('COARSELY_WEIGHTS_URL', 'http://127.0.0.1:1');
    expect(await fetchPublished(published, {})).toMatchObject({ file, published: true });
    const other = put(join(home, 'other', 'hub', 'checkpoints', published.fileName));
    vi.stubEnv('TORCH_HOME', join(home, 'other'));
    expect(await fetchPublished(published, {})).toMatchObject({ file: other });
  });
});

test('a file in the cache with other contents is named, fetched again and replaced', async () => {
  const server = await serveFile(content, [good]);
  vi.stubEnv('COARSELY_WEIGHTS_URL', server.url);
  put(cached, content.subarray(1));
  const notices: string[] = [];
  await fetchPublished(published, { onNotice: (notice) => notices.push(notice) });
  expect(notices).toEqual([
    expect.stringContaining(
      `${cached}: is not the published file and is left aside (its SHA-256 begins with `,
    ),
  ]);
  expect(readFileSync(cached).equals(content)).toBe(true);
  expect(server.requests).toHaveLength(1);
});

describe('a folder', () => {
  test.each(['path', 'file: URL'])(
    'named by its %s is used in place, under the published name',
    async (form) => {
      const file = put(join(home, 'mine', published.fileName));
      const folder = join(home, 'mine');
      vi.stubEnv('COARSELY_WEIGHTS_URL', form === 'path' ? folder : pathToFileURL(folder).href);
      expect(await fetchPublished(published, {})).toEqual({ kind: 'tiny', file, sha256, published: true });
      expect(existsSync(cached)).toBe(false);
    },
  );

  test.each(['tiny-imagenet.safetensors', 'tiny-imagenet.pth'])(
    'may hold %s, which no hash vouches for',
    async (name) => {
      const file = put(join(home, 'mine', name), Buffer.from('of the same network'));
      vi.stubEnv('COARSELY_WEIGHTS_URL', join(home, 'mine'));
      // printf 'of the same network' | sha256sum
      const own = '61089eb815ffd3606c6354d1dcbb12baeac6b0a19973c0ed58f28dc86a29892a';
      expect(await fetchPublished(published, {})).toEqual({
        kind: 'tiny',
        file,
        sha256: own,
        published: false,
      });
    },
  );

  test('that holds a wrong file of the published name goes on to the other names', async () => {
    put(join(home, 'mine', published.fileName), content.subarray(1));
    const file = put(join(home, 'mine', 'tiny-imagenet.pth'));
    vi.stubEnv('COARSELY_WEIGHTS_URL', join(home, 'mine'));
    const notices: string[] = [];
    expect(await fetchPublished(published, { onNotice: (notice) => notices.push(notice) })).toMatchObject({
      file,
      published: true,
    });
    expect(notices[0]).toContain('is not the published file');
  });

  test('without the file: the names are listed, and nothing is fetched', async () => {
    mkdirSync(join(home, 'mine'));
    vi.stubEnv('COARSELY_WEIGHTS_URL', join(home, 'mine'));
    expect(await messageOf(fetchPublished(published, {}), ConfigError)).toBe(
      `COARSELY_WEIGHTS_URL=${join(home, 'mine')}: has no ImageNet weights of tiny; put ${published.fileName} from ` +
        `${published.url} (or tiny-imagenet.safetensors or tiny-imagenet.pth) there, or set ` +
        'model.backbone.weights=null for random weights',
    );
  });

  test.each([
    ['/no/such/folder', 'is no folder'],
    ['s3://bucket/weights', 'is of another protocol'],
    ['file://elsewhere/weights', 'is no URL of a folder of this machine'],
    ['https://', 'is no URL'],
  ])('%s: %s', (text, reason) => {
    expect(() => weightsSource({ COARSELY_WEIGHTS_URL: text })).toThrow(
      `COARSELY_WEIGHTS_URL=${text}: ${reason}; expected the https:// URL of a mirror, or a folder with files of weights`,
    );
  });
});

describe('weights: imagenet of a backbone', () => {
  test('needs the shape of the published network', () => {
    expect(() => publishedFileOf({ kind: 'resnet18', weights: 'imagenet' })).toThrow(
      new ConfigError(
        'model.backbone.weights: imagenet: the published resnet18 has stem torchvision, this one deep; set ' +
          'model.backbone.stem=torchvision, or model.backbone.weights to a file or null',
      ),
    );
    const plain = { kind: 'resnet18', stem: 'torchvision', weights: 'imagenet' };
    expect(publishedFileOf(plain)?.fileName).toBe('resnet18-f37072fd.pth');
    expect(() => publishedFileOf({ ...plain, weightsColors: 'bgr' })).toThrow(
      'the published ImageNet weights read RGB',
    );
    expect(publishedFileOf({ kind: 'resnest101', weights: 'imagenet' })?.fileName).toBe(
      'resnest101-22405ba7.pth',
    );
  });

  test('of a kind without published weights lists those with some', () => {
    expect(() => publishedFileOf({ kind: 'mine', weights: 'imagenet' })).toThrow(
      /^no ImageNet weights are published for the backbone 'mine' \(there are some for resnet18, .*\); give/,
    );
  });

  test('is a word and not a file, which is written ./imagenet', () => {
    expect(publishedFileOf({ kind: 'resnet18', weights: './imagenet' })).toBeNull();
    const section = { kind: 'resnet18', weights: '/somewhere/imagenet' };
    expect(withWeightsFile(section)).toBe(section);
  });

  const model: ModelSection = {
    backbone: { kind: 'resnet18', stem: 'torchvision', weights: 'imagenet' },
    head: { kind: 'fcn', channels: 8 },
    auxiliary: null,
  };

  test('says what to do where nothing was fetched', () => {
    using generator = new Generator(0);
    expect(() => createSegmentor(model, { classCount: 2, generator })).toThrow(
      'model.backbone.weights: imagenet: resnet18-f37072fd.pth is not on this machine yet; fetch it first, with coarsely ' +
        "weights resnet18 or await fetchImageNetWeights('resnet18')",
    );
  });

  test('gives the network the values of the file', () => {
    using _tensors = scope();
    using generator = new Generator(1);
    const trained = new ResNet(18, { stem: 'torchvision', generator });
    mkdirSync(join(home, 'mine'));
    writeSafetensors(join(home, 'mine', 'resnet18-imagenet.safetensors'), trained.stateDict());
    vi.stubEnv('COARSELY_WEIGHTS_URL', join(home, 'mine'));
    using other = new Generator(2);
    const segmentor = createSegmentor(model, { classCount: 2, generator: other });
    const state = segmentor.backbone.stateDict();
    for (const [name, tensor] of trained.stateDict()) expect(state.get(name)).toBeAllclose(tensor);
    segmentor.dispose();
    trained.dispose();
  });
});
