/** Parses how images are divided between splits: `0.8/0.2`, `train=0.7,val=0.2,test=0.1`. */

import { ConfigError } from '../../errors/index.js';
import { splitOfWord } from '../split-names.js';

/** Says which share of the images a split gets. */
export interface SplitShare {
  readonly name: string;
  /** Is above 0; the shares of all splits sum to 1. */
  readonly share: number;
}

/** Divides images where nobody says how and the files of annotations know no splits. */
export const defaultShares: readonly SplitShare[] = [
  { name: 'train', share: 0.8 },
  { name: 'val', share: 0.2 },
];

const usualNames = ['train', 'val', 'test'];
const expected = 'expected 0.8/0.2, or train=0.7,val=0.2,test=0.1';

/**
 * Parses shares, which sum to 1 or to 100. Without names they are those of `train`, `val` and `test`.
 *
 * @throws {ConfigError} for anything else
 */
export function parseShares(text: string): readonly SplitShare[] {
  const named = text.includes('=');
  const parts = text.split(named ? ',' : '/').map((part) => part.trim());
  if (!named && parts.length > usualNames.length) throw problem(text, `${parts.length} shares need names`);
  const shares = parts.map((part, place) => {
    const [name, number] = named ? part.split('=').map((side) => side.trim()) : [usualNames[place], part];
    const share = Number(number);
    if (!name || !number || !(share > 0)) throw problem(text, `'${part}' is no share above 0`);
    if (splitName(name) !== name) throw problem(text, `'${name}' is no name of a folder`);
    return { name, share };
  });
  const sum = shares.reduce((total, { share }) => total + share, 0);
  const whole = Math.abs(sum - 100) < 0.5 ? 100 : 1;
  if (Math.abs(sum / whole - 1) > 0.005) throw problem(text, `the shares sum to ${Number(sum.toFixed(3))}`);
  const repeated = shares.find(({ name }, place) => shares.findIndex((one) => one.name === name) < place);
  if (repeated !== undefined) throw problem(text, `'${repeated.name}' is there twice`);
  return shares.map(({ name, share }) => ({ name, share: share / sum }));
}

/** Writes shares as `parseShares` reads them. */
export function formatShares(shares: readonly SplitShare[]): string {
  return shares.map(({ name, share }) => `${name}=${Number(share.toFixed(4))}`).join(',');
}

/** Returns the name that a split of an annotation tool has in a dataset, as one part of a path; null for none. */
export function splitName(stated: string): string | null {
  const plain = stated
    .normalize('NFC')
    .trim()
    .replaceAll(/[/\\+\p{Cc}]/gu, '-')
    .replace(/^\.+/, '');
  return plain === '' ? null : (splitOfWord(plain) ?? plain);
}

function problem(text: string, reason: string): ConfigError {
  return new ConfigError(`import: --split ${text}: ${reason}; ${expected}`);
}
