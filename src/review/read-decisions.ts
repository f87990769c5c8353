/** Reads what people decided from any file that holds decisions: a journal, or a file of tasks with answers. */

import { closeSync, openSync, readSync } from 'node:fs';
import { isFile, parseJson } from '../files/index.js';
import { type PlacedLine, readJournal } from './read-journal.js';
import type { ReviewFinding } from './review-finding.js';
import { answeredTasks, readTaskFile } from './task-file.js';

/** Holds the decisions of one file. */
export interface DecisionFile {
  readonly path: string;
  readonly kind: 'journal' | 'tasks';
  readonly lines: readonly PlacedLine[];
  readonly findings: readonly ReviewFinding[];
  /** Is the folder of the dataset, where the file names it. */
  readonly dataset: string | null;
  /** Counts the tasks that nobody has answered. */
  readonly open: number;
  /** Has one line for each thing that was assumed. */
  readonly notes: readonly string[];
}

const readBytes = 2 ** 16;

/**
 * Reads a file of decisions.
 *
 * @throws {DataError} when it cannot be read, or is neither a journal nor a file of tasks
 */
export function readDecisions(path: string): DecisionFile {
  if (!looksLikeTasks(path)) {
    const { lines, findings } = readJournal(path);
    return { path, kind: 'journal', lines, findings, dataset: null, open: 0, notes: [] };
  }
  const file = readTaskFile(path);
  const { lines, open, isNameless } = answeredTasks(file, path);
  const notes = isNameless
    ? [`${path}: does not say who answered ("by"); the name of the file stands for one person`]
    : [];
  return { path, kind: 'tasks', lines, findings: [], dataset: file.dataset, open, notes };
}

/** Tells whether a file begins as an object whose first line is not a whole one, as every line of a journal is. */
function looksLikeTasks(path: string): boolean {
  const begin = beginningOf(path);
  if (begin === null || !begin.trimStart().startsWith('{')) return false;
  const line = begin.trimStart().split('\n', 1)[0] as string;
  try {
    const value = parseJson(line);
    return typeof value === 'object' && value !== null && 'tasks' in value;
  } catch {
    return /"(tasks|dataset)"\s*:/.test(begin) && !/^\{"id"/.test(begin);
  }
}

function beginningOf(path: string): string | null {
  try {
    if (!isFile(path)) return null;
    const descriptor = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(readBytes);
      return bytes
        .subarray(0, readSync(descriptor, bytes))
        .toString('utf8')
        .replace(/^\uFEFF/, '');
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The reader of journals says what is wrong.
    return null;
  }
}
