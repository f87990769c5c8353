// Launches the kernels of the pixel loss; see pixel_loss_kernels.h.

#include "launch.h"
#include "launchers.h"
#include "pixel_loss_kernels.h"

namespace coarsely::cuda {

int pixelLossForward(const PixelLossInput& input, int64_t images, Indicator indicator, float* losses, float* confidence,
                     Stream stream) {
  forEach(PixelLossForward{input, indicator, losses, confidence}, images * input.rows.outputs * input.columns.outputs,
          stream);
  return cudaGetLastError();
}

int pixelLossBackward(const PixelLossInput& input, int64_t images, const float* gradient, float* space, float* output,
                      Stream stream) {
  const int64_t pixels = images * input.rows.outputs * input.columns.outputs;
  float *greatest = space, *scale = space + pixels, *scaleOverSum = space + 2 * pixels;
  forEach(PixelLossSlopes{input, gradient, greatest, scale, scaleOverSum}, pixels, stream);
  forEach(PixelLossBackward{input, gradient, greatest, scale, scaleOverSum, output},
          images * input.rows.inputs * input.columns.inputs * input.classes, stream);
  return cudaGetLastError();
}

}  // namespace coarsely::cuda
