/** Parses options that are more than text; a text that is not valid is a usage error. */

import { type Command, InvalidArgumentError } from 'commander';
import { exitCodes } from '../../errors/internal.js';

/** Parses a whole number, 0 or greater. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number, 0 or greater.');
  return Number(text);
}

/** Parses a whole number, 1 or greater. */
export function positiveNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected a whole number, 1 or greater.');
  return Number(text);
}

/** Parses a size in pixels, WIDTHxHEIGHT, such as 240x160. */
export function imageSize(text: string): { readonly width: number; readonly height: number } {
  const [, width, height] = /^(\d+)[x×](\d+)$/.exec(text) ?? [];
  if (!Number(width) || !Number(height)) {
    throw new InvalidArgumentError('expected WIDTHxHEIGHT in pixels, for example 240x160.');
  }
  return { width: Number(width), height: Number(height) };
}

/** Parses a number from 0 to 1. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('expected a number from 0 to 1.');
  }
  return value;
}

/** Parses a distance in pixels, 0 or greater. */
export function distanceInPixels(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 1e4)) {
    throw new InvalidArgumentError('expected a number of pixels, 0 or greater.');
  }
  return value;
}

/** Collects the values of an option that can be repeated, such as `--set a=1 --set b=2`. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

/** Ends a command whose arguments do not fit together. */
export function usageError(command: Command, message: string): never {
  return command.error(`error: ${message}`, { exitCode: exitCodes.usage });
}
