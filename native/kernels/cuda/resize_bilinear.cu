// Launches the kernels of bilinear resizing; see resize_bilinear_kernels.h.

#include "launch.h"
#include "launchers.h"
#include "resize_bilinear_kernels.h"

namespace coarsely::cuda {

int resizeForward(const ResizedMaps& maps, int64_t images, const float* input, float* output, Stream stream) {
  forEach(ResizeForward{maps, input, output}, images * maps.rows.outputs * maps.columns.outputs * maps.channels,
          stream);
  return cudaGetLastError();
}

int resizeBackward(const ResizedMaps& maps, int64_t images, const float* gradient, float* output, Stream stream) {
  forEach(ResizeBackward{maps, gradient, output}, images * maps.rows.inputs * maps.columns.inputs * maps.channels,
          stream);
  return cudaGetLastError();
}

}  // namespace coarsely::cuda
