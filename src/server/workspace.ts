/** Describes what a server shows: folders that were named when it was started, and nothing outside them. */

/** Holds the folders that the page may show. */
export interface Workspace {
  /** Lists folders of runs, or folders that hold them, as absolute paths. */
  readonly runs: readonly string[];
  /** Names the dataset by its absolute path; null where none was named. */
  readonly dataset: string | null;
  /** Says how its files are read: keys of the section `data` of a config, such as `labelSuffix` and `unlabeled`. */
  readonly reading: Readonly<Record<string, unknown>>;
  /** Names the labels that are looked at and corrected. */
  readonly labels: string;
  /** Names the split whose labels are corrected. */
  readonly split: string;
  /** Names the folder of the audit, which may be missing yet. */
  readonly audit: string | null;
  /** Names the journal that decisions are appended to. */
  readonly journal: string | null;
  /** Names a file of questions that `coarsely suggest` wrote; null where the page chooses its own. */
  readonly tasks: string | null;
  /** Names who decides. */
  readonly by: string;
  /** Names the folder for pictures made small and other things that can be made again. */
  readonly cache: string;
  /** Lists folders outside the others that symbolic links may lead to. */
  readonly linked: readonly string[];
}
