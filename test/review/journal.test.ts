import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { JournalWriter, type NewJournalLine, readJournal } from 'coarsely/review';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { accept, corner, place, regionOf } from './decisions.js';

const root = mkdtempSync(join(tmpdir(), 'coarsely-journal-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
let path = '';
beforeEach(() => {
  path = join(root, `${count++}`, 'review.jsonl');
});

function write(...lines: NewJournalLine[]) {
  using writer = JournalWriter.open(path);
  return writer.append(...lines);
}

describe('a journal', () => {
  it('gives back every kind of line as it was written', () => {
    const region = regionOf(['##....', '......', '......', '......']);
    const lines = write(
      accept({ seconds: 10, simulated: 'fine' }),
      { by: 'anna', action: 'keep', ...place, region },
      { by: 'anna', action: 'unlabel', ...place, region },
      { by: 'anna', action: 'assign', ...place, region, class: 'road' },
      { by: 'ben', action: 'polygon', ...place, rings: [[0, 0, 2.5, 0, 0, 2]], class: null },
      { by: 'ben', action: 'point', ...place, x: 5, y: 3, class: 'tree' },
      { id: 'x', time: '2026-03-01T09:30:00+01:00', by: 'ben', action: 'undo', line: 'y' },
    );
    const journal = readJournal(path);
    expect(journal.lines.map(({ line }) => line)).toEqual(lines);
    expect(journal.lines[6]).toMatchObject({ place: `${path}: line 7`, line: { id: 'x' } });
    expect(journal.findings).toEqual([]);
    expect(new Set(lines.map(({ id }) => id)).size).toBe(7);
  });

  it('only grows: what is there stays byte for byte', () => {
    write(accept());
    const before = readFileSync(path, 'utf8');
    write(accept(), accept());
    expect(readFileSync(path, 'utf8').startsWith(before)).toBe(true);
    expect(readJournal(path).lines).toHaveLength(3);
  });

  it('loses at most the decision that a crash cut, wherever it was cut', () => {
    write(accept(), accept());
    const whole = readFileSync(path);
    const firstEnd = whole.indexOf('\n') + 1;
    for (const kept of [firstEnd + 1, firstEnd + 40, whole.length - 2]) {
      writeFileSync(path, whole);
      truncateSync(path, kept);
      const cut = readJournal(path);
      expect(cut.lines).toHaveLength(1);
      expect(cut.findings).toMatchObject([{ code: 'cut-line', example: `${path}: line 2` }]);

      const [next] = write(accept({ by: 'ben' }));
      const healed = readJournal(path);
      expect(healed.lines.map(({ line }) => line.by)).toEqual(['anna', 'ben']);
      expect(healed.lines[1]).toEqual({ line: next, place: `${path}: line 3` });
      expect(healed.findings).toMatchObject([{ code: 'damaged-line' }]);
      expect(readFileSync(path).subarray(0, kept)).toEqual(whole.subarray(0, kept));
    }
  });

  it('takes a last line without its line feed, and zeros of a power cut as a cut line', () => {
    const [line] = write(accept());
    truncateSync(path, readFileSync(path).length - 1);
    expect(readJournal(path).lines).toHaveLength(1);
    write(accept());
    appendFileSync(path, Buffer.alloc(100));
    const journal = readJournal(path);
    expect(journal.lines.map((each) => each.place)).toEqual([`${path}: line 1`, `${path}: line 2`]);
    expect(journal.lines[0]?.line).toEqual(line);
    expect(journal.findings).toMatchObject([{ code: 'cut-line', example: `${path}: line 3` }]);
  });

  it('reads lines that are longer than a piece of the file, and those that lie across two pieces', () => {
    const lines = [0.4, 1.5, 0.7, 0.7].map((mebibytes) =>
      accept({ region: { ...regionOf(corner), runs: '0'.repeat(mebibytes * 2 ** 20) } } as object),
    );
    const written = write(...lines, accept());
    const journal = readJournal(path);
    expect(journal.findings).toEqual([]);
    expect(
      isDeepStrictEqual(
        journal.lines.map(({ line }) => line),
        written,
      ),
    ).toBe(true);
  });

  it('names damaged lines with what is wrong, and skips blank ones', () => {
    write(accept());
    const other = { id: '1', time: 'yesterday', by: 'anna', action: 'undo', line: 'x' };
    appendFileSync(path, `\n\r\n${JSON.stringify(other)}\nnonsense\n`);
    write(accept());
    const journal = readJournal(path);
    expect(journal.lines.map((line) => line.place)).toEqual([`${path}: line 1`, `${path}: line 6`]);
    expect(journal.findings.map(({ example }) => example)).toEqual([
      expect.stringMatching(/line 4: time: Invalid ISO datetime/),
      expect.stringMatching(/line 5: .*not valid JSON/),
    ]);
  });

  it('is not written over a file of something else', () => {
    path = join(root, 'notes.txt');
    writeFileSync(path, 'my notes, without a line feed');
    expect(() => JournalWriter.open(path)).toThrow(
      /notes.txt: is no journal; expected a JSON object with id, time, by and action in each line, received line 1/,
    );
    expect(readFileSync(path, 'utf8')).toBe('my notes, without a line feed');
  });

  it('is written by one process at a time, and by the next one afterwards', () => {
    const writer = JournalWriter.open(path);
    expect(() => JournalWriter.open(path)).toThrow(
      /process \d+ writes this journal; end it, or name another/,
    );
    writer[Symbol.dispose]();
    writer[Symbol.dispose]();
    expect(write(accept())).toHaveLength(1);
  });

  it('refuses lines that nobody could read', () => {
    using writer = JournalWriter.open(path);
    const bad = accept({ width: 0 } as Partial<NewJournalLine>);
    expect(() => writer.append(accept(), bad)).toThrow(/no line of a journal: width/);
    expect(() =>
      writer.append({ by: 'a', action: 'polygon', ...place, rings: [[0, Number.NaN]], class: null }),
    ).toThrow(/rings.0.1/);
    expect(readJournal(path).lines).toEqual([]);
  });

  it('names a file that is not there, and one that is a folder', () => {
    expect(() => readJournal(join(root, 'none.jsonl'))).toThrow(
      /none.jsonl: no such file; expected a journal/,
    );
    expect(() => readJournal(root)).toThrow(/is no file; expected a journal/);
  });
});
