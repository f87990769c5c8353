export {
  CheckpointError,
  CoarselyError,
  ConfigError,
  DataError,
  DistributedError,
  DownloadError,
  type DownloadFailure,
  EngineError,
  type ErrorOptions,
  FileError,
  MemoryError,
  OperationError,
} from './coarsely-error.js';
