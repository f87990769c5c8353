/**
 * Lists the files of ImageNet weights that are published for backbones: torchvision's, and those of ResNeSt's authors. The
 * first digits of a file's SHA-256 stand in its name.
 */

/** Describes a published file of ImageNet weights. */
export interface PublishedFile {
  /** The kind of backbone whose weights it holds. */
  readonly kind: string;
  readonly url: string;
  /** The name in the URL, which ends with the first digits of the file's SHA-256. */
  readonly fileName: string;
  readonly sha256Prefix: string;
  readonly mebibytes: number;
  /** Options that the backbone must have, as the published network has them. */
  readonly options: Readonly<Record<string, string | number>>;
}

/** torchvision, `IMAGENET1K_V1` of each network, in torchvision/models/resnet.py, mobilenetv2.py and mobilenetv3.py. */
const torchvision = 'https://download.pytorch.org/models';
/** ResNeSt's authors, in resnest/torch/models/resnest.py. */
const resnest = 'https://github.com/zhanghang1989/ResNeSt/releases/download/weights_step1';

/** torchvision's ResNets have one 7×7 convolution in their stem. */
const plainStem = { stem: 'torchvision' };
/** torchvision's MobileNets have the channels of their papers. */
const fullWidth = { width: 1 };

/** Holds the published files by the kind of backbone. */
export const publishedFiles: ReadonlyMap<string, PublishedFile> = new Map(
  [
    published('resnet18', { folder: torchvision, hash: 'f37072fd', mebibytes: 44.7, options: plainStem }),
    published('resnet34', { folder: torchvision, hash: 'b627a593', mebibytes: 83.3, options: plainStem }),
    published('resnet50', { folder: torchvision, hash: '0676ba61', mebibytes: 97.8, options: plainStem }),
    published('resnet101', { folder: torchvision, hash: '63fe2227', mebibytes: 170.5, options: plainStem }),
    published('mobilenet_v2', {
      folder: torchvision,
      hash: 'b0353104',
      mebibytes: 13.6,
      options: fullWidth,
    }),
    published('mobilenet_v3_large', {
      folder: torchvision,
      hash: '8738ca79',
      mebibytes: 21.1,
      options: fullWidth,
    }),
    published('resnest50', { folder: resnest, hash: '528c19ca', mebibytes: 105 }),
    published('resnest101', { folder: resnest, hash: '22405ba7', mebibytes: 185 }),
  ].map((file) => [file.kind, file]),
);

function published(
  kind: string,
  {
    folder,
    hash,
    mebibytes,
    options = {},
  }: Pick<PublishedFile, 'mebibytes'> &
    Partial<Pick<PublishedFile, 'options'>> & { readonly folder: string; readonly hash: string },
): PublishedFile {
  const fileName = `${kind}-${hash}.pth`;
  return { kind, url: `${folder}/${fileName}`, fileName, sha256Prefix: hash, mebibytes, options };
}
