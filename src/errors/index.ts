export {
  CheckpointError,
  CoarselyError,
  ConfigError,
  DataError,
  DistributedError,
  EngineError,
  type ErrorOptions,
  FileError,
  OperationError,
} from './coarsely-error.js';
