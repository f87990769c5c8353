/**
 * Writes generated scenes as a dataset folder: images, fine labels, and coarse ones as an annotator would draw them.
 */

import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { LabelAgreement } from '../coarsen/index.js';
import { coarsenLabels } from '../coarsen/index.js';
import { AgreementCounter } from '../coarsen/internal.js';
import { encodeLabelPng, RandomStream } from '../data/index.js';
import { ConfigError, DataError } from '../errors/index.js';
import { stageFolder, writeDurably } from '../files/index.js';
import { generateScene } from './generate-scene.js';
import { sceneClasses } from './scene-classes.js';

/** Configures `writeScenes`. */
export interface WriteScenesOptions {
  /** Sets the number of training scenes, at least 1. */
  readonly train: number;
  /** Sets the number of validation scenes, at least 1. */
  readonly validation: number;
  /** Sets the width in pixels, at least 16. */
  readonly width?: number;
  /** Sets the height in pixels, at least 16. */
  readonly height?: number;
  /** Takes a non-negative integer. More scenes of the same seed and size begin with the same ones. */
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Says what `writeScenes` did. */
export interface WriteScenesResult {
  /** Is `present` when a folder of the same parameters was there already, and nothing was written. */
  readonly state: 'written' | 'present';
  /** Holds the agreement of coarse and fine labels over both splits; null when the scenes were there already. */
  readonly agreement: LabelAgreement | null;
}

// Must be raised whenever the same parameters would give other files.
const format = 1;
const manifestName = 'scenes.json';
// This is far from any training index, so that the splits never share a scene.
const validationStart = 2 ** 31;
const coarseStream = 0x63736365;

/**
 * Writes `images`, `fine` and `coarse`, each with `train` and `val`, a `classes.json`, and a `scenes.json` with the
 * parameters. The folder appears when all files are made. A folder of the same parameters is left as it is.
 *
 * @throws {DataError} naming a folder that holds anything else
 * @throws {ConfigError} for a parameter out of range
 * @throws {FileError} when the folder cannot be written
 */
export async function writeScenes(
  folder: string,
  { train, validation, width = 240, height = 160, seed = 0, onProgress = () => {} }: WriteScenesOptions,
): Promise<WriteScenesResult> {
  const parameters = { train, validation, width, height, seed };
  checkParameters(parameters);
  const scenes = [
    ...Array.from({ length: train }, (_, i) => ({ split: 'train', name: sceneName(i), index: i })),
    ...Array.from({ length: validation }, (_, i) => ({
      split: 'val',
      name: sceneName(i),
      index: validationStart + i,
    })),
  ];
  const files = scenes.flatMap(({ split, name }) => [
    join('images', split, `${name}.jpg`),
    join('fine', split, `${name}.png`),
    join('coarse', split, `${name}.png`),
  ]);
  const manifest = JSON.stringify({ format, ...parameters }, null, 2);
  if (await isPresent(folder, { manifest, files })) return { state: 'present', agreement: null };

  const counter = new AgreementCounter();
  await stageFolder(folder, async (staging) => {
    for (const [done, { split, name, index }] of scenes.entries()) {
      const { image, labels } = generateScene({ seed, index, width, height });
      const coarse = coarsenLabels(labels, {
        width,
        height,
        classCount: sceneClasses.length,
        seed: new RandomStream(seed, [coarseStream, index]).uint32(),
      });
      counter.add(labels, coarse);
      const photograph = await sharp(image, { raw: { width, height, channels: 3 } })
        .jpeg({ quality: 92, chromaSubsampling: '4:4:4' })
        .toBuffer();
      await writeDurably(join(staging, 'images', split, `${name}.jpg`), photograph);
      await writeDurably(
        join(staging, 'fine', split, `${name}.png`),
        encodeLabelPng(labels, { width, height }),
      );
      await writeDurably(
        join(staging, 'coarse', split, `${name}.png`),
        encodeLabelPng(coarse, { width, height }),
      );
      onProgress(done + 1, scenes.length);
    }
    await writeDurably(join(staging, 'classes.json'), JSON.stringify({ classes: sceneClasses }, null, 2));
    await writeDurably(join(staging, manifestName), manifest);
  });
  return { state: 'written', agreement: counter.result() };
}

function sceneName(index: number): string {
  return `scene-${String(index).padStart(4, '0')}`;
}

function checkParameters(parameters: Readonly<Record<string, number>>): void {
  const least: Readonly<Record<string, number>> = { train: 1, validation: 1, width: 16, height: 16, seed: 0 };
  for (const [name, value] of Object.entries(parameters)) {
    const minimum = least[name] ?? 0;
    if (!Number.isSafeInteger(value) || value < minimum) {
      throw new ConfigError(
        `scenes: expected a whole number of at least ${minimum} as ${name}, received ${value}`,
      );
    }
  }
}

/**
 * Returns true when the folder holds these scenes and false when it is empty or missing.
 *
 * @throws {DataError} when it holds anything else
 */
async function isPresent(
  folder: string,
  { manifest, files }: { readonly manifest: string; readonly files: readonly string[] },
): Promise<boolean> {
  const entries = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw new DataError(`${folder}: cannot hold scenes (${cause.message})`, { cause });
  });
  if (entries.length === 0) return false;
  const found = await readFile(join(folder, manifestName), 'utf8').catch(() => null);
  if (found === null) {
    throw new DataError(
      `${folder}: holds something else than generated scenes; choose another folder or remove it`,
    );
  }
  if (found.trim() !== manifest) {
    throw new DataError(
      `${folder}: holds scenes made with ${compact(found)}, not with ${compact(manifest)}; ` +
        'choose another folder or remove it',
    );
  }
  for (const file of files) {
    await access(join(folder, file)).catch((cause: unknown) => {
      throw new DataError(
        `${join(folder, file)}: missing from the generated scenes; remove ${folder} to write them anew`,
        {
          cause,
        },
      );
    });
  }
  return true;
}

function compact(json: string): string {
  return json.replace(/\s+/g, ' ').trim();
}
