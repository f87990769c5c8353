/** Configures the features that all programs of the quick bench compute; peer.py reads the same JSON. */
export interface FeatureSetting {
  readonly outputStride: 16 | 32;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly threads: number;
  /** The file of weights and images that peer.py writes. */
  readonly start: string;
  /** The ONNX file that peer.py writes, with the images' bytes in a file beside it. */
  readonly model: string;
}

/** Configures the head that all programs train. */
export interface HeadSetting {
  /** Counts the rows of features. */
  readonly rows: number;
  readonly channels: number;
  readonly classCount: number;
  /** Counts the channels of the hidden layer. */
  readonly hidden: number;
  /** Counts the rows of a step. */
  readonly drawn: number;
  readonly steps: number;
  readonly threads: number;
}

/** Configures training again after new labels. */
export interface RetrainSetting {
  readonly images: number;
  /** Counts the images that get new labels. */
  readonly changed: number;
  readonly width: number;
  readonly height: number;
  readonly classCount: number;
  readonly drawn: number;
  readonly steps: number;
  readonly threads: number;
}
