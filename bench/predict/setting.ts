import type { ResNetDepth } from 'coarsely/models';

/** Configures the network and image that all programs of the predict bench label; peer.py reads the same JSON. */
export interface PredictSetting {
  readonly depth: ResNetDepth;
  readonly outputStride: 8 | 16;
  readonly classCount: number;
  readonly height: number;
  readonly width: number;
  readonly threads: number;
  /** The file of weights and image that peer.py writes. */
  readonly start: string;
  /** The ONNX file that peer.py writes, with the image's bytes in a file beside it. */
  readonly model: string;
}
