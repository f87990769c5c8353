export {
  CheckpointError,
  CoarselyError,
  ConfigError,
  DataError,
  DistributedError,
  EngineError,
  type ErrorOptions,
  FileError,
  MemoryError,
  OperationError,
} from './coarsely-error.js';
