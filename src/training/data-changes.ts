/**
 * Compares what a checkpoint was trained on with the dataset as it is now, and says what changed. A run on other samples
 * or classes is not the run that was interrupted.
 */

import { counted } from '../format/index.js';
import type { RunSamples, SamplePart } from '../runs/internal.js';
import { type DataPartRecord, type DataRecord, isListOf } from './data-record.js';

/** Holds what changed in a dataset, one sentence each. */
export interface DataChanges {
  /** Makes the classes mean something else than the network has learned. */
  readonly classes: readonly string[];
  /** Makes the continued run another than the interrupted one. */
  readonly samples: readonly string[];
  /** May be harmless, such as files that were copied, and changes no training step for certain. */
  readonly notices: readonly string[];
}

const shownNames = 3;

/** Names the part whose samples only score the network. */
const scoringPart = 'evaluation';

/** Compares the parts that both records have. `before.samples` is null where the lists themselves are not known. */
export function findDataChanges(
  before: { readonly parts: DataRecord['parts']; readonly samples: RunSamples | null },
  now: DataRecord,
): DataChanges {
  const classes: string[] = [];
  const samples: string[] = [];
  const notices: string[] = [];
  for (const [part, then] of Object.entries(before.parts)) {
    const present = now.parts[part];
    const list = now.samples[part];
    if (present === undefined || list === undefined) continue;
    const known = before.samples?.[part];
    const former = known && isListOf(then, known.names) ? known : null;
    const place = (text: string) => `data.${part}: ${text}`;
    // Parts mostly share one list of classes.
    const changed = classChanges(then.classes, present.classes);
    if (changed !== null && !classes.includes(changed)) classes.push(changed);
    if (then.samples !== present.samples) {
      const text = place(sampleChanges({ count: then.count, former }, list));
      if (part === scoringPart) notices.push(`${text}; scores before and after are of different images`);
      else samples.push(text);
      continue;
    }
    const edited = then.files === present.files ? null : fileChanges(then, { former, list });
    if (edited !== null) notices.push(place(edited));
  }
  return { classes, samples, notices };
}

function sampleChanges(
  { count, former }: { readonly count: number; readonly former: SamplePart | null },
  { names }: SamplePart,
): string {
  if (former === null) return `other samples (${count} before, ${names.length} now)`;
  const [old, current] = [new Set(former.names), new Set(names)];
  const gone = former.names.filter((name) => !current.has(name));
  const added = names.filter((name) => !old.has(name));
  if (gone.length === 0 && added.length === 0) return 'the samples are in another order';
  return [
    ...(gone.length === 0
      ? []
      : [`${counted(gone.length, 'sample is', 'samples are')} gone (${listed(gone)})`]),
    ...(added.length === 0
      ? []
      : [`${counted(added.length, 'sample is', 'samples are')} new (${listed(added)})`]),
  ].join(', ');
}

function classChanges(before: readonly string[], now: readonly string[]): string | null {
  const gone = before.filter((name) => !now.includes(name));
  const added = now.filter((name) => !before.includes(name));
  const moved = before.flatMap((name, place) => {
    const other = now.indexOf(name);
    return other < 0 || other === place ? [] : [`${name} from ${place} to ${other}`];
  });
  const parts = [
    ...(gone.length === 0 ? [] : [`gone: ${listed(gone)}`]),
    ...(added.length === 0 ? [] : [`new: ${listed(added)}`]),
    ...(moved.length === 0 ? [] : [`moved: ${listed(moved)}`]),
  ];
  return parts.length === 0 ? null : `classes ${parts.join('; ')}`;
}

/** Says which files have another size or time; null where nothing is known of them, now or then. */
function fileChanges(
  { files }: DataPartRecord,
  { former, list }: { readonly former: SamplePart | null; readonly list: SamplePart },
): string | null {
  if (files === null || list.files === null) return null;
  const remark = 'the run continues exactly only if their content is the same';
  if (!former?.files) return `files have other sizes or times of change than before; ${remark}`;
  const changed = list.names.filter((_, index) => list.files?.[index] !== former.files?.[index]);
  const resized = list.names.filter(
    (_, index) => sizesIn(list.files?.[index]) !== sizesIn(former.files?.[index]),
  );
  const [names, what] =
    resized.length > 0
      ? [resized, 'of another size']
      : [changed, 'of another time of change but the same size'];
  const phrase = counted(names.length, 'sample has files', 'samples have files');
  return `${phrase} ${what} than before (${listed(names)}); ${remark}`;
}

/** Returns the sizes in the description of a sample's files, without the times. */
function sizesIn(text: string | undefined): string | undefined {
  return text?.replaceAll(/@\d+/g, '');
}

function listed(names: readonly string[]): string {
  const more = names.length - shownNames;
  return `${names.slice(0, shownNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
