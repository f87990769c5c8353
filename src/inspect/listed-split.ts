/** Describes one split of a dataset in plain folders, as its listing found it. */

/** Maps the names of images to paths relative to the root. */
export type FilesByName = ReadonlyMap<string, string>;

/** Holds the files of one split. */
export interface ListedSplit {
  readonly name: string;
  readonly images: FilesByName;
  /** Maps label folders to their files, under the names of the images; files without an image keep their own. */
  readonly labels: ReadonlyMap<string, FilesByName>;
}
