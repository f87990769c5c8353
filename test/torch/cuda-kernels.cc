// Runs the GPU kernels in plain loops on the CPU: each is a struct whose operator()(index) does the work of one thread.
// Arrays are read one after another from standard input and written to standard output; numbers are arguments.
//   resize N C h w H W
//     input [N,h,w,C], gradient [N,H,W,C] -> output, gradient of the input
//   pixel-loss N C h w H W kind parameter indicator
//     logits [N,h,w,C], labels, gradient, class weights [C] -> losses, confidence, gradient
//   weights PIXELS p arm
//     points, valid, gradient, (parameters) -> weights, gradients

#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/cuda/pixel_loss_kernels.h"
#include "kernels/cuda/resize_bilinear_kernels.h"
#include "kernels/cuda/weights_sequence.h"

using namespace coarsely::cuda;

namespace {

template <typename Number>
std::vector<Number> readArray(int64_t count) {
  std::vector<Number> values(count);
  if (std::fread(values.data(), sizeof(Number), values.size(), stdin) != values.size()) std::exit(3);
  return values;
}

template <typename Number>
void writeArray(const std::vector<Number>& values) {
  if (std::fwrite(values.data(), sizeof(Number), values.size(), stdout) != values.size()) std::exit(3);
}

/// Runs the threads in reverse order, as a kernel must not depend on their order.
const auto run = [](const auto& body, int64_t count) {
  for (int64_t i = count; i-- > 0;) body(i);
};

std::vector<int64_t> integers(char** arguments, int count) {
  std::vector<int64_t> values;
  for (int i = 0; i < count; ++i) values.push_back(std::atoll(arguments[i]));
  return values;
}

void resize(char** arguments) {
  const auto sizes = integers(arguments, 6);
  const int64_t images = sizes[0], channels = sizes[1];
  const ResizedMaps maps{{sizes[2], sizes[4]}, {sizes[3], sizes[5]}, channels};
  const int64_t small = images * sizes[2] * sizes[3] * channels, large = images * sizes[4] * sizes[5] * channels;
  const auto input = readArray<float>(small), gradient = readArray<float>(large);
  std::vector<float> output(large), below(small);
  run(ResizeForward{maps, input.data(), output.data()}, large);
  run(ResizeBackward{maps, gradient.data(), below.data()}, small);
  writeArray(output);
  writeArray(below);
}

void pixelLoss(char** arguments) {
  const auto sizes = integers(arguments, 7);
  const auto parameter = static_cast<float>(std::atof(arguments[7]));
  const int64_t images = sizes[0], classes = sizes[1];
  const auto indicator = static_cast<coarsely::Indicator>(std::atoll(arguments[8]));
  const int64_t small = images * sizes[2] * sizes[3] * classes, pixels = images * sizes[4] * sizes[5];
  const auto logits = readArray<float>(small);
  const auto labels = readArray<int64_t>(pixels);
  const auto gradient = readArray<float>(pixels);
  const auto classWeights = readArray<float>(classes);
  const PixelLossInput input{{sizes[2], sizes[4]},
                             {sizes[3], sizes[5]},
                             sizes[2] == sizes[4] && sizes[3] == sizes[5],
                             classes,
                             logits.data(),
                             labels.data(),
                             255,
                             static_cast<coarsely::LossKind>(sizes[6]),
                             parameter,
                             classWeights.data(),
                             std::accumulate(classWeights.begin(), classWeights.end(), 0.0f)};
  std::vector<float> losses(pixels), confidence(indicator == coarsely::Indicator::None ? 0 : pixels), space(3 * pixels),
      below(small);
  run(PixelLossForward{input, indicator, losses.data(), confidence.data()}, pixels);
  float* slopes = space.data();
  run(PixelLossSlopes{input, gradient.data(), slopes, slopes + pixels, slopes + 2 * pixels}, pixels);
  run(PixelLossBackward{input, gradient.data(), slopes, slopes + pixels, slopes + 2 * pixels, below.data()}, small);
  writeArray(losses);
  writeArray(confidence);
  writeArray(below);
}

void weights(char** arguments) {
  const auto sizes = integers(arguments, 3);
  const int64_t count = sizes[0], p = sizes[1], arm = sizes[2];
  const auto points = readArray<float>(count);
  const auto valid = readArray<uint8_t>(count);
  const auto gradient = readArray<float>(count);
  const auto parameters = readArray<float>(arm ? coarsely::armParameterCount : 0);
  std::vector<float> output(count), below(count);
  std::vector<double> sums(2), toParameters(parameters.size());
  std::vector<double> space(1 + 2 * coarsely::armParameterCount * threadsFor(count));
  const WeighedPixels pixels{count, p, reinterpret_cast<const bool*>(valid.data()), points.data(),
                             arm ? parameters.data() : nullptr};
  runWeightsForward(run, pixels, output.data(), sums.data(), space.data());
  runWeightsBackward(run, pixels, {gradient.data(), output.data(), sums.data(), below.data(), toParameters.data()},
                     space.data());
  writeArray(output);
  writeArray(below);
  writeArray(std::vector<float>(toParameters.begin(), toParameters.end()));
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "resize" && count == 8) resize(arguments + 2);
  else if (what == "pixel-loss" && count == 11) pixelLoss(arguments + 2);
  else if (what == "weights" && count == 5) weights(arguments + 2);
  else return 2;
  return 0;
}
