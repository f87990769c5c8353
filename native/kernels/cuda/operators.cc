// Registers the package's operators for a GPU and calls the kernels that nvcc compiled. Without nvcc this file is
// empty; TypeScript then uses libtorch's operators (src/torch/kernels.ts).
#ifdef COARSELY_CUDA_KERNELS

#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include <tuple>

#include "../pixel_loss.h"
#include "launchers.h"
#include "pixel_loss_kernels.h"
#include "resize_bilinear_kernels.h"

namespace coarsely {

namespace {

using TwoTensors = std::tuple<at::Tensor, at::Tensor>;

/// Makes the device of a tensor the current one as long as it lives, and provides the current stream of that device.
class Queue {
 public:
  explicit Queue(const at::Tensor& tensor)
      : guard_(tensor.device()), stream_(c10::cuda::getCurrentCUDAStream(tensor.device().index())) {}

  cuda::Stream stream() const { return stream_.stream(); }

 private:
  c10::cuda::CUDAGuard guard_;
  c10::cuda::CUDAStream stream_;
};

void expectLaunched(int error) {
  TORCH_CHECK(error == 0, "expected a kernel launch without error, received CUDA error ", error, " (",
              cudaGetErrorString(static_cast<cudaError_t>(error)), ")");
}

at::Tensor channelsLast(const at::Tensor& maps) {
  return maps.to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor emptyMaps(at::IntArrayRef shape, const at::Tensor& like) {
  return at::empty(shape, like.options().dtype(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
}

at::Tensor resizeBilinear(const at::Tensor& input, at::IntArrayRef size) {
  TORCH_CHECK(input.dim() == 4 && size.size() == 2 && size[0] > 0 && size[1] > 0 && input.numel() > 0,
              "expected maps [N,C,H,W] and a size [height,width], received shape ", input.sizes(), " and size ", size);
  const Queue queue(input);
  const auto maps = channelsLast(input);
  auto output = emptyMaps({maps.size(0), maps.size(1), size[0], size[1]}, maps);
  const cuda::ResizedMaps view{{maps.size(2), size[0]}, {maps.size(3), size[1]}, maps.size(1)};
  expectLaunched(
      cuda::resizeForward(view, maps.size(0), maps.data_ptr<float>(), output.data_ptr<float>(), queue.stream()));
  return output;
}

at::Tensor resizeBilinearBackward(const at::Tensor& gradient, at::IntArrayRef inputShape) {
  const Queue queue(gradient);
  const auto maps = channelsLast(gradient);
  auto output = emptyMaps(inputShape, maps);
  const cuda::ResizedMaps view{{inputShape[2], maps.size(2)}, {inputShape[3], maps.size(3)}, inputShape[1]};
  expectLaunched(
      cuda::resizeBackward(view, maps.size(0), maps.data_ptr<float>(), output.data_ptr<float>(), queue.stream()));
  return output;
}

cuda::PixelLossInput pixelLossInput(const at::Tensor& logits, const at::Tensor& labels, int64_t kind, double parameter,
                                    int64_t ignoreIndex, const at::Tensor& weights) {
  const bool sameSize = logits.size(2) == labels.size(1) && logits.size(3) == labels.size(2);
  return {{logits.size(2), labels.size(1)},
          {logits.size(3), labels.size(2)},
          sameSize,
          logits.size(1),
          logits.data_ptr<float>(),
          labels.data_ptr<int64_t>(),
          ignoreIndex,
          static_cast<LossKind>(kind),
          static_cast<float>(parameter),
          weights.data_ptr<float>(),
          weights.numel() == 0 ? 0.0f : weights.sum().item<float>()};
}

TwoTensors pixelLoss(const at::Tensor& given, const at::Tensor& givenLabels, int64_t kind, double parameter,
                     int64_t ignoreIndex, int64_t indicator, const c10::optional<at::Tensor>& classWeights) {
  checkPixelLoss(given, givenLabels, kind, indicator, classWeights);
  const Queue queue(given);
  const auto weights = smoothingWeights(given, kind, classWeights);
  const auto logits = channelsLast(given), labels = givenLabels.contiguous();
  auto losses = at::empty(labels.sizes(), logits.options());
  auto confidence = indicator == 0 ? at::empty({0}, logits.options()) : at::empty_like(losses);
  const auto input = pixelLossInput(logits, labels, kind, parameter, ignoreIndex, weights);
  expectLaunched(cuda::pixelLossForward(input, logits.size(0), static_cast<Indicator>(indicator),
                                        losses.data_ptr<float>(), confidence.data_ptr<float>(), queue.stream()));
  return {losses, confidence};
}

at::Tensor pixelLossBackward(const at::Tensor& gradient, const at::Tensor& given, const at::Tensor& givenLabels,
                             int64_t kind, double parameter, int64_t ignoreIndex,
                             const c10::optional<at::Tensor>& classWeights) {
  const Queue queue(given);
  const auto weights = smoothingWeights(given, kind, classWeights);
  const auto logits = channelsLast(given), labels = givenLabels.contiguous(), above = gradient.contiguous();
  auto output = emptyMaps(logits.sizes(), logits);
  auto space = at::empty({3 * labels.numel()}, logits.options());
  const auto input = pixelLossInput(logits, labels, kind, parameter, ignoreIndex, weights);
  expectLaunched(cuda::pixelLossBackward(input, logits.size(0), above.data_ptr<float>(), space.data_ptr<float>(),
                                         output.data_ptr<float>(), queue.stream()));
  return output.to(given.scalar_type());
}

at::Tensor doubles(int64_t count, const at::Tensor& like) {
  return at::empty({count}, like.options().dtype(at::kDouble));
}

/// Computes ARM's weights from confidences, or normalizes given weights where `givenParameters` is undefined. Returns
/// the normalized weights and the two sums that backward needs.
TwoTensors weighPixels(const at::Tensor& givenPoints, const at::Tensor& givenValid, const at::Tensor& givenParameters,
                       int64_t p) {
  const Queue queue(givenPoints);
  const auto points = givenPoints.contiguous(), valid = givenValid.contiguous();
  const auto parameters = givenParameters.defined() ? givenParameters.contiguous() : at::Tensor();
  auto weights = at::empty(points.sizes(), points.options());
  auto sums = doubles(2, points), space = doubles(cuda::weightsSpace(points.numel()), points);
  const cuda::WeighedPixels pixels{points.numel(), p, valid.data_ptr<bool>(), points.data_ptr<float>(),
                                   parameters.defined() ? parameters.data_ptr<float>() : nullptr};
  expectLaunched(cuda::weightsForward(pixels, weights.data_ptr<float>(), sums.data_ptr<double>(),
                                      space.data_ptr<double>(), queue.stream()));
  return {weights, sums};
}

TwoTensors normalizeWeights(const at::Tensor& weights, const at::Tensor& valid, int64_t p) {
  return weighPixels(weights, valid, at::Tensor(), p);
}

at::Tensor normalizeWeightsBackward(const at::Tensor& gradient, const at::Tensor& givenValid,
                                    const at::Tensor& normalized, const at::Tensor& sums, int64_t p) {
  const Queue queue(gradient);
  const auto above = gradient.contiguous(), valid = givenValid.contiguous();
  auto output = at::empty(normalized.sizes(), normalized.options());
  auto space = doubles(cuda::weightsBackwardSpace(normalized.numel(), false), normalized);
  const cuda::WeighedPixels pixels{normalized.numel(), p, valid.data_ptr<bool>(), nullptr, nullptr};
  expectLaunched(cuda::weightsBackward(pixels,
                                       {above.data_ptr<float>(), normalized.data_ptr<float>(), sums.data_ptr<double>(),
                                        output.data_ptr<float>(), nullptr},
                                       space.data_ptr<double>(), queue.stream()));
  return output;
}

TwoTensors armWeightsBackward(const at::Tensor& gradient, const at::Tensor& givenConfidence,
                              const at::Tensor& givenValid, const at::Tensor& givenParameters,
                              const at::Tensor& weights, const at::Tensor& sums, int64_t p,
                              bool needsConfidenceGradient) {
  const Queue queue(gradient);
  const auto above = gradient.contiguous(), confidence = givenConfidence.contiguous();
  const auto valid = givenValid.contiguous(), parameters = givenParameters.contiguous();
  auto confidenceGradient =
      at::empty(needsConfidenceGradient ? confidence.sizes() : at::IntArrayRef{0}, confidence.options());
  auto parametersGradient = doubles(armParameterCount, confidence);
  auto space = doubles(cuda::weightsBackwardSpace(confidence.numel(), true), confidence);
  const cuda::WeighedPixels pixels{confidence.numel(), p, valid.data_ptr<bool>(), confidence.data_ptr<float>(),
                                   parameters.data_ptr<float>()};
  expectLaunched(cuda::weightsBackward(
      pixels,
      {above.data_ptr<float>(), weights.data_ptr<float>(), sums.data_ptr<double>(),
       needsConfidenceGradient ? confidenceGradient.data_ptr<float>() : nullptr, parametersGradient.data_ptr<double>()},
      space.data_ptr<double>(), queue.stream()));
  return {parametersGradient.to(at::kFloat), confidenceGradient};
}

}  // namespace

TORCH_LIBRARY_IMPL(coarsely, CUDA, library) {
  library.impl("resize_bilinear", resizeBilinear);
  library.impl("resize_bilinear_backward", resizeBilinearBackward);
  library.impl("pixel_loss", pixelLoss);
  library.impl("pixel_loss_backward", pixelLossBackward);
  library.impl("normalize_weights_forward", normalizeWeights);
  library.impl("normalize_weights_backward", normalizeWeightsBackward);
  library.impl("arm_weights_forward", weighPixels);
  library.impl("arm_weights_backward", armWeightsBackward);
}

}  // namespace coarsely

#endif
