/** Decides which split each image belongs to: the one that the tool states, or one by shares. */

import { counted } from '../../format/index.js';
import { type AssignedSplits, assignSplits } from './assign-splits.js';
import { type Grouping, groupImages, type ImageGroup } from './frame-groups.js';
import { defaultShares, formatShares, type SplitShare, splitName } from './split-shares.js';

/** Configures `chooseSplits`. */
export interface ChooseSplitsOptions {
  /** Holds the path of each image without extension. */
  readonly origins: readonly string[];
  /** Holds the split that the files state for each image; null where they state none. */
  readonly stated: readonly (string | null)[];
  /** Is null where a person did not ask for shares. */
  readonly shares: readonly SplitShare[] | null;
  readonly grouping: Grouping;
  readonly seed: number;
}

/** Holds the split of each image and what was assumed. */
export interface ChosenSplits {
  readonly splits: readonly string[];
  /** Says who decided: the files, or shares. */
  readonly by: 'files' | 'shares';
  /** Holds the shares as they were asked for; null where the files decided. */
  readonly shares: string | null;
  /** Counts the groups that were kept whole. */
  readonly groups: number;
  readonly notes: readonly string[];
}

const shownGroups = 3;

/**
 * Returns the splits that the files state, or, where they state none or shares are asked for, splits by shares.
 *
 * @throws {ConfigError} when there are fewer images, or folders, than splits
 */
export function chooseSplits(options: ChooseSplitsOptions): ChosenSplits {
  const { origins, stated, shares } = options;
  const names = stated.map((name) => (name === null ? null : splitName(name)));
  const known = names.filter((name) => name !== null);
  if (shares === null && known.length > 0) {
    const without = names.length - known.length;
    return {
      splits: names.map((name) => name ?? 'train'),
      by: 'files',
      shares: null,
      groups: 0,
      notes: [
        `the splits are those of the files (${[...new Set(known)].sort().join(', ')}); --split divides the images anew`,
        ...(new Set(known).size > 1
          ? []
          : ['there is one split only, and none to evaluate on; --split 0.8/0.2 makes one']),
        ...(without === 0 ? [] : [`${counted(without, 'image')} without a split went to train`]),
        ...spelledDifferently(stated),
      ],
    };
  }
  const tooFew = shares === null && origins.length < defaultShares.length;
  const wanted = tooFew ? [{ name: 'train', share: 1 }] : (shares ?? defaultShares);
  return byShares(wanted, options);
}

function byShares(shares: readonly SplitShare[], options: ChooseSplitsOptions): ChosenSplits {
  const { origins, stated, grouping, seed } = options;
  const text = formatShares(shares);
  const groups = groupImages(origins, grouping);
  const assigned = assignSplits(groups, { shares, seed, divide: grouping !== 'folder' });
  const overruled = stated.filter((name) => name !== null).length;
  const reason =
    options.shares !== null
      ? overruled > 0
        ? ', not as the files state'
        : ''
      : origins.length < defaultShares.length
        ? ', as there is only one'
        : ', as the files state no splits (--split changes that)';
  return {
    splits: assigned.splits,
    by: 'shares',
    shares: text,
    groups: groups.length,
    notes: [
      `the images are divided by ${text}${reason}`,
      ...(shares.length > 1 ? groupNotes(groups, { grouping, assigned }) : []),
    ],
  };
}

/** Says which images were taken to belong together, as that is guessed from names. */
function groupNotes(
  groups: readonly ImageGroup[],
  { grouping, assigned }: { readonly grouping: Grouping; readonly assigned: AssignedSplits },
): string[] {
  const several = groups
    .filter(({ members }) => members.length > 1)
    .sort((a, b) => b.members.length - a.members.length);
  if (grouping === 'file' || several.length === 0) return [];
  const listed = (kind: ImageGroup['kind']): { readonly count: number; readonly text: string } => {
    const own = several.filter((group) => group.kind === kind);
    const shown = own.slice(0, shownGroups).map(({ title, members }) => `${title} (${members.length})`);
    const more = own.length > shownGroups ? ` and ${own.length - shownGroups} more` : '';
    return { count: own.length, text: `${shown.join(', ')}${more}` };
  };
  const [folders, series, copies] = [listed('folder'), listed('series'), listed('copies')];
  const others = '--by-folder keeps folders together, --by-file divides every image on its own';
  const notes = [
    ...(folders.count > 0 ? [`each folder stays in one split: ${folders.text}`] : []),
    ...(series.count > 0
      ? [
          `${counted(series.count, 'series of numbered names is', 'series of numbered names are')} taken for frames of a video, ` +
            `which stay in one split: ${series.text}; ${others}`,
        ]
      : []),
    ...(copies.count > 0
      ? [
          `the copies that Roboflow made of ${counted(copies.count, 'image')} stay in one split: ${copies.text}; ${others}`,
        ]
      : []),
  ];
  for (const { title, members } of assigned.divided) {
    notes.push(
      `${title} (${members.length}) is too long for one split and is divided between two of its images, ` +
        'so that these two are alike',
    );
  }
  return notes;
}

/** Says which splits got the name that datasets use. */
function spelledDifferently(stated: readonly (string | null)[]): string[] {
  const renamed = new Map<string, string>();
  for (const name of new Set(stated)) {
    const other = name === null ? null : splitName(name);
    if (name !== null && other !== null && other !== name) renamed.set(name, other);
  }
  return [...renamed].map(([from, to]) => `the split ${from} is called ${to}`);
}
