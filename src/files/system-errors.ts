/** Says what errors of the file system mean, in words that tell a person what to do. */

const meanings: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space',
  EDQUOT: 'the quota of this user is used up; free some space',
  EROFS: 'the file system is read-only; choose another folder',
  EACCES: 'this user may not write there; choose another folder or change its permissions',
  EPERM: 'this user may not write there; choose another folder or change its permissions',
  EFBIG: 'the file system holds no file of this size (FAT: 4 GiB); choose another disk',
  ENAMETOOLONG: 'the name is too long for this file system; choose a shorter one',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  EIO: 'the disk or the network drive reports a failure',
  ESTALE: 'the network drive lost the file; mount it again',
};

/** Tells whether an error comes from a system call of Node. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** Returns what happened and what to do: `ENOSPC, the disk is full; free some space`. */
export function systemErrorReason(error: NodeJS.ErrnoException): string {
  const meaning = error.code === undefined ? undefined : meanings[error.code];
  return meaning === undefined
    ? `${error.message}; check the folder's permissions and free space`
    : `${error.code}: ${meaning}`;
}
