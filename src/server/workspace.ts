/** Describes what a server shows: folders that were named when it was started, and nothing outside them. */

/** Holds the folders that the page may show. */
export interface Workspace {
  /** Lists folders of runs, or folders that hold them, as absolute paths. */
  readonly runs: readonly string[];
  /** Names the dataset by its absolute path; null where none was named. */
  readonly dataset: string | null;
  /** Names the labels that are looked at and corrected. */
  readonly labels: string;
  /** Names the split whose labels are corrected. */
  readonly split: string;
  /** Names the folder of the audit, which may be missing yet. */
  readonly audit: string | null;
  /** Names the journal that decisions are appended to. */
  readonly journal: string | null;
  /** Names who decides. */
  readonly by: string;
  /** Names the folder for pictures made small and other things that can be made again. */
  readonly cache: string;
}
