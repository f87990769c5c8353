/** Parses options that are more than text; a rejected value is a usage error (exit code 2). */

import { InvalidArgumentError } from 'commander';

/** Parses a whole number of 0 or more. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number, 0 or greater.');
  return Number(text);
}

/** Parses a whole number of 1 or more. */
export function positiveNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected a whole number, 1 or greater.');
  return Number(text);
}

/** Parses a size written as `WIDTHxHEIGHT`, such as 240x160. */
export function imageSize(text: string): { readonly width: number; readonly height: number } {
  const [, width, height] = /^(\d+)[x×](\d+)$/.exec(text) ?? [];
  if (!Number(width) || !Number(height)) {
    throw new InvalidArgumentError('expected WIDTHxHEIGHT in pixels, for example 240x160.');
  }
  return { width: Number(width), height: Number(height) };
}

/** Parses a fraction from 0 to 1. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('expected a number from 0 to 1.');
  }
  return value;
}

/** Collects the values of a repeatable option: `--set a=1 --set b=2`. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}
