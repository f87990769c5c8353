/**
 * Groups images that must not be divided between splits. Neighboring frames of a video are nearly the same picture: with one
 * in training and the next in validation, a network is tested on what it has learned by heart.
 */

import { posix } from 'node:path';
import { splitOfWord } from '../split-names.js';

/** Holds images that belong together, in the order of their frames. */
export interface ImageGroup {
  /** Identifies the group among all, also when images are added behind its last frame. */
  readonly key: string;
  /** Names the group for a person: `video_0001 … video_0120`, or a folder. */
  readonly title: string;
  /** Says what keeps its images together: numbers, that they are copies of one image, their folder, or nothing, as there is one. */
  readonly kind: 'series' | 'copies' | 'folder' | 'single';
  /** Holds the indices of its images. */
  readonly members: readonly number[];
}

/** Says what keeps images together: numbered names as of frames, the folder, or nothing. */
export type Grouping = 'frames' | 'folder' | 'file';

/** Roboflow appends this to the copies of an image that it augments, which are nearly the same too. */
const roboflowCopy = /(_(jpe?g|png|bmp|webp))?\.rf\.[0-9a-z]{16,}$/i;
/** A gap of more than so many usual steps in the numbers of a series begins a new group. */
const widestGap = 3;

/**
 * Groups images by their paths without extension.
 *
 * With `frames`, names that differ only in their last number form a series, in each folder of its own, and a series is divided
 * where its numbers jump; the copies that Roboflow makes of an image stay together, and other images stand alone. With `folder` each folder is a group, with `file` each image.
 */
export function groupImages(paths: readonly string[], grouping: Grouping): ImageGroup[] {
  const groups =
    grouping === 'folder' ? byFolder(paths) : grouping === 'file' ? byFile(paths) : byFrames(paths);
  return groups.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function byFile(paths: readonly string[]): ImageGroup[] {
  return paths.map((path, index) => ({
    key: path,
    title: path,
    kind: 'single',
    members: [index],
  }));
}

function byFolder(paths: readonly string[]): ImageGroup[] {
  const folders = new Map<string, number[]>();
  for (const [index, path] of paths.entries()) append(folders, posix.dirname(path), index);
  return [...folders].map(([folder, members]) => ({
    key: folder,
    title: `${folder}/`,
    kind: 'folder',
    members: members.sort((a, b) => ((paths[a] as string) < (paths[b] as string) ? -1 : 1)),
  }));
}

interface Frame {
  readonly index: number;
  readonly path: string;
  /** Names the image that this one is a copy of, if it is one of Roboflow. */
  readonly copyOf: string | null;
  readonly number: number;
}

function byFrames(paths: readonly string[]): ImageGroup[] {
  const series = new Map<string, Frame[]>();
  for (const [index, path] of paths.entries()) {
    const plain = path.replace(roboflowCopy, '');
    const original = withoutSplits(plain);
    const start = original.lastIndexOf('/') + 1;
    const [, before, digits, after] = /^(.*?)(\d+)(\D*)$/s.exec(original.slice(start)) ?? [];
    const key =
      digits === undefined ? original : `${original.slice(0, start)}${before as string}#${after as string}`;
    append(series, key, {
      index,
      path,
      copyOf: plain === path ? null : original,
      number: Number(digits ?? 0),
    });
  }
  return [...series].flatMap(([key, frames]) =>
    runsOf(frames.sort((a, b) => a.number - b.number || (a.path < b.path ? -1 : 1))).flatMap((run) =>
      groupsOf(run, `${key}:${run[0]?.number}`),
    ),
  );
}

/** Returns a run as one group, or its images one by one where nothing but their name is the same: `x.jpg` and `x.png`. */
function groupsOf(run: readonly Frame[], key: string): ImageGroup[] {
  const [first] = run;
  const isSeries = run.some(({ number }) => number !== first?.number);
  const areCopies = run.every(({ copyOf }) => copyOf !== null && copyOf === first?.copyOf);
  if (run.length > 1 && (isSeries || areCopies)) {
    const kind = isSeries ? 'series' : 'copies';
    return [{ key, title: titleOf(run), kind, members: run.map(({ index }) => index) }];
  }
  return run.map(({ index, path }, place) => ({
    key: place === 0 ? key : `${key}:${place}`,
    title: path,
    kind: 'single',
    members: [index],
  }));
}

/** Leaves out folders of splits, as frames of one video may lie in several. */
function withoutSplits(path: string): string {
  const parts = path.split('/');
  return parts.filter((part, index) => index === parts.length - 1 || splitOfWord(part) === null).join('/');
}

/** Divides a series where its numbers jump by more than a few usual steps. */
function runsOf(frames: readonly Frame[]): Frame[][] {
  const steps = frames.slice(1).map(({ number }, place) => number - (frames[place] as Frame).number);
  const usual = Math.max(1, median(steps.filter((step) => step > 0)));
  const runs: Frame[][] = [];
  for (const [place, frame] of frames.entries()) {
    const step = place === 0 ? Number.POSITIVE_INFINITY : (steps[place - 1] as number);
    if (step > widestGap * usual) runs.push([frame]);
    else (runs.at(-1) as Frame[]).push(frame);
  }
  return runs;
}

function titleOf(run: readonly Frame[]): string {
  const [first, last] = [run[0] as Frame, run.at(-1) as Frame];
  return `${first.path} … ${posix.basename(last.path)}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 1;
}

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
