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
