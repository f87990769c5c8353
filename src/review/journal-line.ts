/**
 * Describes the lines of a journal of decisions. A journal is a file of JSON lines that only grows; what a line says needs no
 * other file, so that journals of several people can be put behind each other.
 */

import { z } from 'zod';

/** Names a place in a dataset: the labels of an image of a split. */
const place = {
  split: z.string().min(1),
  /** Names the image as its dataset does, without the split. */
  image: z.string().min(1),
  labels: z.string().min(1),
  width: z.int().positive(),
  height: z.int().positive(),
};

/** Describes a region that an audit found: pixels of one given class. An empty name is no label. */
const region = z.strictObject({
  /** Identifies the region in its audit. */
  id: z.string().min(1),
  given: z.string(),
  suggested: z.string(),
  /** Holds its pixels as COCO's compressed run lengths, of the whole image. */
  runs: z.string(),
});

const line = {
  /** Identifies the line, also among those of others. */
  id: z.string().min(1),
  /** Is the time in ISO 8601, with its offset: `2026-03-01T09:30:00Z`. */
  time: z.iso.datetime({ offset: true }),
  /** Names who decided. */
  by: z.string().min(1),
  /** Says how long the person took. */
  seconds: z.number().nonnegative().optional(),
  /** Names the labels that decided in place of a person. */
  simulated: z.string().optional(),
};

/** Checks one line of a journal, which says who decided what, when, and about which pixels. */
export const journalLine = z.discriminatedUnion('action', [
  /** Gives the region the suggested class. */
  z.strictObject({ ...line, ...place, action: z.literal('accept'), region }),
  /** Says that the given class is right. */
  z.strictObject({ ...line, ...place, action: z.literal('keep'), region }),
  /** Takes the label of the region away. */
  z.strictObject({ ...line, ...place, action: z.literal('unlabel'), region }),
  /** Gives the region another class. */
  z.strictObject({ ...line, ...place, action: z.literal('assign'), region, class: z.string().min(1) }),
  /** Draws a polygon: rings x0, y0, x1, y1, … by the even-odd rule, of a class, or of none with null. */
  z.strictObject({
    ...line,
    ...place,
    action: z.literal('polygon'),
    rings: z.array(z.array(z.number())).min(1),
    class: z.string().min(1).nullable(),
  }),
  /** States the class of a pixel, or that it cannot be told with null. */
  z.strictObject({
    ...line,
    ...place,
    action: z.literal('point'),
    x: z.int().nonnegative(),
    y: z.int().nonnegative(),
    class: z.string().min(1).nullable(),
  }),
  /** Takes an earlier line back, by its id. */
  z.strictObject({ ...line, action: z.literal('undo'), line: z.string().min(1) }),
]);

/** Is one line of a journal. */
export type JournalLine = z.output<typeof journalLine>;

/** Is a line that says something about pixels, and does not take another one back. */
export type Decision = Exclude<JournalLine, { readonly action: 'undo' }>;
