/**
 * Reads and writes files of tasks: pixels of a dataset to ask a person about. Whoever answers writes a class in place of null;
 * the answers are then decisions about points.
 *
 *     { "dataset": "my-dataset", "labels": "coarse", "by": "anna", "tasks": [
 *       { "split": "train", "image": "a", "width": 480, "height": 360, "x": 12, "y": 40, "suggested": "car",
 *         "reason": "uncertainty", "class": null }, …] }
 */

import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { z } from 'zod';
import { DataError } from '../errors/index.js';
import { parseJson } from '../files/index.js';
import type { JournalLine } from './journal-line.js';
import type { PlacedLine } from './read-journal.js';

const task = z.strictObject({
  split: z.string().min(1),
  image: z.string().min(1),
  width: z.int().positive(),
  height: z.int().positive(),
  x: z.int().nonnegative(),
  y: z.int().nonnegative(),
  suggested: z.string().optional(),
  reason: z.string().optional(),
  class: z.string().min(1).nullable(),
  by: z.string().min(1).optional(),
  simulated: z.string().optional(),
});

const content = z.strictObject({
  dataset: z.string().min(1),
  labels: z.string().min(1).nullable(),
  by: z.string().min(1).nullable().optional(),
  tasks: z.array(task),
});

/** Is a pixel to ask about. */
export interface PointTask {
  readonly split: string;
  /** Names the image as its dataset does, without the split. */
  readonly image: string;
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
  /** Names the class that a network takes it for. */
  readonly suggested?: string | undefined;
  /** Says why it is asked about. */
  readonly reason?: string | undefined;
  /** Names the class that a person gave it; null while nobody has answered. */
  readonly class: string | null;
  /** Names who answered, where it is not the one who is named for the whole file. */
  readonly by?: string | undefined;
  /** Names the labels that answered in place of a person. An answer of null then says that the pixel is of no class. */
  readonly simulated?: string | undefined;
}

/** Holds the content of a file of tasks. */
export interface TaskFile {
  /** Is the folder of the dataset. */
  readonly dataset: string;
  /** Names the labels that exist already; null where there are none. */
  readonly labels: string | null;
  /** Names who answers; null where nobody is named yet. */
  readonly by: string | null;
  readonly tasks: readonly PointTask[];
}

const example =
  '{ "dataset": "my-dataset", "labels": "coarse", "by": "anna", "tasks": [{ "split": "train", "image": "a", "width": 480, ' +
  '"height": 360, "x": 12, "y": 40, "class": null }] }';

/** Returns the text of a file of tasks that will lie at `path`, one task a line; the dataset is named from there. */
export function formatTaskFile({ dataset, labels, by, tasks }: TaskFile, path: string): string {
  const head = { dataset: relative(dirname(resolve(path)), resolve(dataset)) || '.', labels, by };
  const keys = Object.entries(head).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`,
  );
  const lines = tasks.map((one) => `    ${JSON.stringify(one)}`);
  const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  return `{\n${keys.join('')}  "tasks": ${list}\n}\n`;
}

/**
 * Reads a file of tasks.
 *
 * @throws {DataError} naming the file and the place in it when it cannot be read or is no such file
 */
export function readTaskFile(path: string): TaskFile {
  let value: unknown;
  try {
    value = parseJson(readFileSync(path));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? `not valid JSON (${cause.message})` : 'cannot be read';
    throw new DataError(`${path}: ${reason}; a file of tasks is ${example}`, { cause });
  }
  const parsed = content.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DataError(
      `${path}: ${issue?.path.join('.')}: ${issue?.message}; a file of tasks is ${example}`,
    );
  }
  const { dataset, labels, by = null, tasks } = parsed.data;
  return { dataset: resolve(dirname(path), dataset), labels, by, tasks };
}

/** Holds the answers in a file of tasks, as lines of a journal. */
export interface AnsweredTasks {
  readonly lines: readonly PlacedLine[];
  /** Counts the tasks that nobody has answered. */
  readonly open: number;
  /** Is true when answers name nobody, and the name of the file stands for one. */
  readonly isNameless: boolean;
}

/** Returns the answers of the file of tasks that was read from `path`; their time is that of the file. */
export function answeredTasks(file: TaskFile, path: string): AnsweredTasks {
  const time = statSync(path).mtime.toISOString();
  const lines: PlacedLine[] = [];
  let isNameless = false;
  for (const [index, { suggested, reason, by, simulated, ...task }] of file.tasks.entries()) {
    if (task.class === null && simulated === undefined) continue;
    const place = `tasks.${index}`;
    const name = by ?? file.by ?? simulated ?? basename(path);
    isNameless ||= (by ?? file.by ?? simulated) === undefined;
    const line: JournalLine = {
      id: `${resolve(path)}: ${place}`,
      time,
      by: name,
      ...(simulated !== undefined && { simulated }),
      action: 'point',
      // A point belongs to no folder of labels, and a line of a journal names one.
      labels: file.labels ?? 'points',
      ...task,
    };
    lines.push({ line, place: `${path}: ${place}` });
  }
  return { lines, open: file.tasks.length - lines.length, isNameless };
}
