/**
 * Reads the list of classes that lies beside masks: a `classes.json`, or a text with a class a line, as many tools and datasets
 * write it in one of a few forms.
 */

import { join, posix } from 'node:path';
import { type Color, readClassList } from '../../data/index.js';
import { DataError } from '../../errors/index.js';
import { isFile } from '../../files/index.js';
import { readBoundedText } from '../json-file.js';

/** Holds a class of a list. */
export interface MaskClass {
  readonly name: string;
  /** Is its value in masks of values. */
  readonly value: number;
  /** Is its color in masks of colors; null where the list states none. */
  readonly color: Color | null;
}

/** Holds a list of classes and the file that it is from. */
export interface MaskClassList {
  readonly file: string;
  readonly classes: readonly MaskClass[];
}

/** Lists the names of such files, the most telling first. */
const classListFiles: readonly string[] = [
  'classes.json',
  'classes.txt',
  'class_names.txt',
  'labelmap.txt',
  'labels.txt',
  'label_colors.txt',
  'class_dict.csv',
  'class_dict_seg.csv',
  'classes.csv',
];

/**
 * Returns the list of classes that lies nearest to the root, or null.
 *
 * @throws {DataError} naming the file and the line that is no class
 */
export async function findClassList(root: string, files: readonly string[]): Promise<MaskClassList | null> {
  const rank = (file: string): number => classListFiles.indexOf(posix.basename(file).toLowerCase());
  const depth = (file: string): number => file.split('/').length;
  const [file] = files
    .filter((one) => rank(one) >= 0)
    .sort((a, b) => depth(a) - depth(b) || rank(a) - rank(b));
  if (file === undefined) return null;
  return readClassListFile(join(root, file), file);
}

/**
 * Returns the first list of classes that lies directly in one of these folders, or null.
 *
 * @throws {DataError} naming the file and the line that is no class
 */
export async function classListBeside(folders: readonly string[]): Promise<MaskClassList | null> {
  for (const folder of folders) {
    const name = classListFiles.find((one) => isFile(join(folder, one)));
    if (name !== undefined) return readClassListFile(join(folder, name), join(folder, name));
  }
  return null;
}

async function readClassListFile(path: string, file: string): Promise<MaskClassList> {
  if (file.endsWith('.json')) {
    const { classes, statedColors = [] } = await readClassList(path);
    return {
      file,
      classes: classes.map(({ name }, value) => ({ name, value, color: statedColors[value] ?? null })),
    };
  }
  return { file, classes: parseClassLines(await readBoundedText(path), path) };
}

const number = '(\\d{1,3})';
const gap = '\\s*[,;\\s]\\s*';
const forms = {
  /** car:128,0,0:: */
  labelMap: new RegExp(`^(?<name>[^:]+):\\s*(?:${number}${gap}${number}${gap}${number})?\\s*(?::.*)?$`),
  /** 128 0 0 car */
  colorFirst: new RegExp(`^${number}${gap}${number}${gap}${number}${gap}(?<name>.*\\D.*)$`),
  /** car,128,0,0 */
  colorLast: new RegExp(`^(?<name>.*\\D.*?)${gap}${number}${gap}${number}${gap}${number}$`),
  /** 3 car */
  value: /^(?<value>\d{1,3})\s*[:,;\s]\s*(?<name>.*\D.*)$/,
  /** car */
  name: /^(?<name>.+)$/,
} as const;

/**
 * Parses a list with a class a line: all in one form, which is that of most lines.
 *
 * @throws {DataError} naming the line that is no class, or has a value or name of another
 */
export function parseClassLines(text: string, path: string): MaskClass[] {
  const lines = text
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ line: line.trim().replace(/^"(.*)"$/, '$1'), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  // The header of a table: name,r,g,b
  if (/^(name|class|label)\w*\s*[,;]/i.test(lines[0]?.line ?? '')) lines.shift();
  const form = Object.values(forms).find((pattern) => lines.every(({ line }) => pattern.test(line)));
  if (form === undefined || lines.length === 0) {
    throw new DataError(`${path}: lists no class; expected a name in each line, or name,red,green,blue`);
  }
  const classes: MaskClass[] = [];
  for (const [index, { line, number: place }] of lines.entries()) {
    const match = form.exec(line) as RegExpExecArray;
    const name = (match.groups?.name ?? '').trim().normalize('NFC');
    const value = match.groups?.value === undefined ? index : Number(match.groups.value);
    const color = match
      .slice(1)
      .filter((part) => part !== undefined && part !== match.groups?.name)
      .map(Number);
    const bad = `${path}: line ${place}: '${line}'`;
    if (value > 255 || color.some((channel) => channel > 255)) {
      throw new DataError(`${bad}: expected numbers from 0 to 255`);
    }
    const other = classes.find((one) => one.name === name || one.value === value);
    if (other !== undefined) throw new DataError(`${bad}: '${other.name}' has this name or value already`);
    const [red, green, blue] = form === forms.value ? [] : color;
    classes.push({
      name,
      value,
      color: red === undefined || green === undefined || blue === undefined ? null : [red, green, blue],
    });
  }
  return classes;
}
