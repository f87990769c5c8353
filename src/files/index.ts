export {
  type AtomicWriteOptions,
  temporarySuffix,
  writeAll,
  writeFileAtomically,
  writeTextAtomically,
} from './atomic.js';
export { cacheFolder, userCacheFolder } from './cache-folder.js';
export { type DownloadOptions, download } from './download.js';
export { syncFile, syncFolder } from './durability.js';
export { isFile } from './is-file.js';
export { listenToFileNotices, noticeOnce } from './notices.js';
export { copyDurably, linkFile, type Placement } from './place-file.js';
export { type LockOwner, livingOwner, ownerName, ProcessLock, processStart } from './process-lock.js';
export { sha256OfFile } from './sha256.js';
export { stageFolder, writeDurably } from './staged-folder.js';
export { isSystemError, systemErrorReason } from './system-errors.js';
export { decodeText, parseJson, readText } from './text.js';
export type { DownloadProgress } from './transfer.js';
export { parseYaml, YamlTextError } from './yaml-text.js';
