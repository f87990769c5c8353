/** Decides which images of a source are imported, into which split, under which names and with which classes. */

import { DataError } from '../errors/index.js';
import { counted } from '../format/index.js';
import { chooseImages } from './dataset/choose-images.js';
import { chooseSplits } from './dataset/choose-splits.js';
import type { CountedFinding, FindingTally } from './dataset/finding-tally.js';
import { type NamedImage, nameImages, originOf } from './dataset/name-images.js';
import { type ResolvedClasses, resolveClasses } from './dataset/resolve-classes.js';
import type { ScannedSource } from './dataset/scan-images.js';
import type { ImportSettings } from './import-options.js';
import type { ImportSource, OpenedSource } from './importer.js';

/** Holds what is written, before it is. */
export interface ImagePlan {
  readonly images: readonly NamedImage[];
  /** Counts the images that the source gives; one that is annotated twice counts once. */
  readonly given: number;
  readonly resolved: ResolvedClasses;
  readonly notes: readonly string[];
  /** Says how the images were divided. */
  readonly division: { readonly by: 'files' | 'shares'; readonly shares: string | null };
}

/**
 * Returns what is written.
 *
 * @throws {DataError} when no image is left, and for classes that do not fit into a label file
 * @throws {ConfigError} for an unknown class, and for fewer images or folders than splits
 */
export async function planImages(
  scanned: ScannedSource,
  {
    source,
    opened,
    imageFolder,
    settings,
    tally,
  }: {
    readonly source: ImportSource;
    readonly opened: OpenedSource;
    /** Is the folder of images that a person named. */
    readonly imageFolder: string | undefined;
    readonly settings: ImportSettings;
    readonly tally: FindingTally;
  },
): Promise<ImagePlan> {
  if (scanned.images.length === 0) throw nothingLeft(source.path, { given: scanned.given, tally });
  const resolved = resolveClasses({
    listed: opened.classes,
    seen: [...scanned.classNames],
    choice: settings.choice,
    unlabeled: settings.unlabeled,
    source: source.path,
  });
  const { images: chosen, repeated } = await chooseImages(scanned.images, {
    labels: resolved.labels,
    withoutLabels: settings.withoutLabels,
    onFinding: (finding) => tally.add(finding),
  });
  if (chosen.length === 0) throw nothingLeft(source.path, { given: scanned.given, tally });
  const roots = [source.root, ...(imageFolder === undefined ? [] : [imageFolder])];
  const origins = chosen.map((image) => originOf(image, roots));
  const { splits, by, shares, notes } = chooseSplits({
    origins,
    stated: chosen.map(({ split }) => split),
    shares: settings.shares,
    grouping: settings.grouping,
    seed: settings.seed,
  });
  const images = nameImages(chosen, { origins, splits, onFinding: (finding) => tally.add(finding) });
  return {
    images,
    given: scanned.given - repeated,
    resolved,
    notes: [...notes, ...resolved.notes, ...classNotes(resolved, settings)],
    division: { by, shares },
  };
}

function classNotes({ classes, leftOut }: ResolvedClasses, { unlabeled }: ImportSettings): string[] {
  const [only] = classes;
  const rest = unlabeled === 'background' ? 'are background' : 'are not labeled';
  return [
    ...(leftOut.length === 0
      ? []
      : [`classes that --classes does not name ${rest}: ${leftOut.join(', ')}; * keeps them`]),
    ...(classes.length > 1 || only === undefined
      ? []
      : [
          `${only.name} is the only class, and nothing can be learned without a second one: --unlabeled background adds it`,
        ]),
  ];
}

function nothingLeft(
  path: string,
  { given, tally }: { readonly given: number; readonly tally: FindingTally },
): DataError {
  const found = tally.findings();
  if (given === 0 && found.length === 0) return new DataError(`${path}: no annotated image in it`);
  const reasons = [...found]
    .sort((a, b) => b.count - a.count)
    .slice(0, 3)
    .map(reasonText);
  const what =
    given === 0 ? 'no image can be imported' : `none of ${counted(given, 'image')} can be imported`;
  return new DataError(`${path}: ${what}: ${reasons.join('; ')}`);
}

function reasonText({ message, count, examples }: CountedFinding): string {
  const example = examples[0] === undefined ? '' : ` (${examples[0]})`;
  return `${message}${count === 1 ? '' : `, ${count} times`}${example}`;
}
