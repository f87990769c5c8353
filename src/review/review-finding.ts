/** Describes what is wrong with one line of a journal, or what two lines disagree on. */

/** Says what was found at one place; findings of one code are counted and shown together. */
export interface ReviewFinding {
  /** Names the kind of finding, such as `cut-line` or `size-changed`. */
  readonly code: string;
  /** Says what was found and what was done about it. */
  readonly message: string;
  /** Names the place: `a.jsonl: line 3`, with the image where there is one. */
  readonly example: string;
}
