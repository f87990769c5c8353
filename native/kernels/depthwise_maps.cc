// Computes convolution with one filter per channel and its gradient to the input. libtorch takes half of MobileNetV2's
// training step for them. Vectors run over channels, and all channels of a few pixels are computed before the next
// ones, so that the rows under a filter are read from the cache.
#include "depthwise_maps.h"

#include <ATen/Parallel.h>

#include "depthwise_lanes.h"
#include "depthwise_lattice.h"
#include "vectorized.h"

namespace coarsely {

namespace {

/// Counts the neighbors in a lattice that are computed together.
constexpr int64_t together = 4;

/// Holds a row of the source [width, channels] and the row of the filter that reads it, [kernel width, lanes].
template <typename T>
struct SourceRow {
  const T* pixels;
  const float* taps;
};

/// Holds what one row of the target is computed from.
template <typename T>
struct RowTask {
  const SourceRow<T>* rows;
  int64_t rowCount;
  int64_t sourceWidth, channels, lanes;
  const float* bias;  // [lanes]
  T* target;          // [target width, channels]
};

/// Computes `count` neighbors of a lattice from its place `at` on. `checked` leaves out columns beside the source.
template <int64_t taps, int64_t advance, int64_t count, bool checked, typename T>
COARSELY_INLINE void neighbors(const RowTask<T>& task, const Lattice& lattice, int64_t at) {
  constexpr int64_t columns = (count - 1) * advance + taps;
  const int64_t channels = task.channels;
  const int64_t source = lattice.source + at * advance * lattice.spacing;
  T* target = task.target + (lattice.first + at * lattice.step) * channels;
  constexpr int64_t vectors = groupVectors<T>;
  for (int64_t next = 0; next < channels; next += groupChannels<T>) {
    const int64_t first = firstOfGroup<T>(next, channels);
    Floats sums[count][vectors];
    COARSELY_UNROLL
    for (int64_t p = 0; p < count; ++p) {
      COARSELY_UNROLL
      for (int64_t v = 0; v < vectors; ++v) sums[p][v] = load(task.bias + next + v * vectorLanes);
    }
    for (int64_t r = 0; r < task.rowCount; ++r) {
      const float* row = task.rows[r].taps + lattice.tap * task.lanes + next;
      Floats filter[taps][vectors];
      COARSELY_UNROLL
      for (int64_t t = 0; t < taps; ++t) {
        COARSELY_UNROLL
        for (int64_t v = 0; v < vectors; ++v) {
          filter[t][v] = load(row + t * lattice.tapStep * task.lanes + v * vectorLanes);
        }
      }
      const T* pixels = task.rows[r].pixels + first;
#pragma GCC unroll 32
      for (int64_t j = 0; j < columns; ++j) {
        const int64_t column = source + j * lattice.spacing;
        if (checked && (column < 0 || column >= task.sourceWidth)) continue;
        Floats pixel[vectors];
        loadGroup(pixels + column * channels, pixel);
        COARSELY_UNROLL
        for (int64_t p = 0; p < count; ++p) {
          const int64_t t = j - p * advance;
          if (t < 0 || t >= taps) continue;
          COARSELY_UNROLL
          for (int64_t v = 0; v < vectors; ++v) sums[p][v] += filter[t][v] * pixel[v];
        }
      }
    }
    COARSELY_UNROLL
    for (int64_t p = 0; p < count; ++p) storeGroup(target + p * lattice.step * channels + first, sums[p]);
  }
}

template <int64_t taps, int64_t advance, typename T>
COARSELY_INLINE void latticeOf(const RowTask<T>& task, const Lattice& lattice) {
  int64_t at = 0;
  for (; at + together <= lattice.count; at += together) {
    const int64_t begin = lattice.source + at * advance * lattice.spacing;
    const int64_t last = begin + ((together - 1) * advance + taps - 1) * lattice.spacing;
    if (begin >= 0 && last < task.sourceWidth) neighbors<taps, advance, together, false>(task, lattice, at);
    else neighbors<taps, advance, together, true>(task, lattice, at);
  }
  for (; at < lattice.count; ++at) neighbors<taps, advance, 1, true>(task, lattice, at);
}

template <typename T>
COARSELY_INLINE void computeLattice(const RowTask<T>& task, const Lattice& lattice) {
  if (lattice.advance == 2) {
    if (lattice.taps == 3) latticeOf<3, 2>(task, lattice);
    else latticeOf<5, 2>(task, lattice);
  } else {
    if (lattice.taps == 1) latticeOf<1, 1>(task, lattice);
    else if (lattice.taps == 2) latticeOf<2, 1>(task, lattice);
    else if (lattice.taps == 3) latticeOf<3, 1>(task, lattice);
    else latticeOf<5, 1>(task, lattice);
  }
}

COARSELY_VECTORIZED
void computeLatticeOf(const RowTask<float>& task, const Lattice& lattice) {
  computeLattice(task, lattice);
}
COARSELY_VECTORIZED
void computeLatticeOf(const RowTask<Bfloat16Bits>& task, const Lattice& lattice) {
  computeLattice(task, lattice);
}

/// Describes one pass: which rows and columns of the source make a row of the target.
struct Pass {
  const std::vector<Lattice>& lattices;
  std::vector<RowPair> (*rowsOf)(const Axis&, int64_t);
  const Axis& vertical;
  int64_t kernelWidth;
};

template <typename T>
void runPass(const Pass& pass, const at::Tensor& source, const at::Tensor& taps, const at::Tensor& bias,
             at::Tensor& target) {
  const int64_t channels = source.size(1), height = target.size(2), width = target.size(3);
  const int64_t sourceHeight = source.size(2), sourceWidth = source.size(3);
  const auto* from = static_cast<const T*>(source.data_ptr());
  auto* to = static_cast<T*>(target.data_ptr());
  const auto lanes = channelsOfLanes<T>(channels);
  const auto tapsOfLanes = taps.index_select(1, lanes), biasOfLanes = bias.index_select(0, lanes);
  const auto* filter = tapsOfLanes.template data_ptr<float>();
  const auto* offsets = biasOfLanes.template data_ptr<float>();
  const int64_t laneCount = lanes.numel();
  const int64_t grain = std::max<int64_t>(1, 16384 / (width * channels));
  at::parallel_for(0, target.size(0) * height, grain, [&](int64_t begin, int64_t end) {
    std::vector<SourceRow<T>> rows;
    for (int64_t row = begin; row < end; ++row) {
      rows.clear();
      for (const auto& [y, tap] : pass.rowsOf(pass.vertical, row % height)) {
        rows.push_back({from + (row / height * sourceHeight + y) * sourceWidth * channels,
                        filter + tap * pass.kernelWidth * laneCount});
      }
      RowTask<T> task{rows.data(), static_cast<int64_t>(rows.size()), sourceWidth, channels, laneCount,
                      offsets,     to + row * width * channels};
      for (const auto& lattice : pass.lattices) {
        // Columns that no tap reaches get no more than the bias.
        task.rowCount = lattice.taps > 0 ? static_cast<int64_t>(rows.size()) : 0;
        computeLatticeOf(task, lattice);
      }
    }
  });
}

at::Tensor run(const Pass& pass, const at::Tensor& source, const at::Tensor& weight, const at::Tensor& bias,
               at::IntArrayRef targetShape) {
  const auto maps = source.contiguous(at::MemoryFormat::ChannelsLast);
  const auto taps = weight.to(at::kFloat).flatten(1).t().contiguous();
  const auto offsets = bias.defined() ? bias.to(at::kFloat).contiguous() : at::zeros({weight.size(0)}, at::kFloat);
  auto target = at::empty(targetShape, maps.options().memory_format(at::MemoryFormat::ChannelsLast));
  if (target.numel() == 0) return target;
  if (maps.scalar_type() == at::kFloat) runPass<float>(pass, maps, taps, offsets, target);
  else runPass<Bfloat16Bits>(pass, maps, taps, offsets, target);
  return target;
}

}  // namespace

Axis axisOf(int64_t dimension, int64_t input, int64_t kernel, const DepthwiseGeometry& geometry) {
  const int64_t stride = geometry.stride[dimension], padding = geometry.padding[dimension];
  const int64_t dilation = geometry.dilation[dimension];
  const int64_t output = (input + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
  return {input, output, kernel, stride, padding, dilation};
}

bool convolvesDepthwise(const at::Tensor& input, const at::Tensor& weight, const DepthwiseGeometry& geometry,
                        int64_t groups, at::ScalarType type) {
  const int64_t channels = input.size(1), columns = weight.size(3);
  // Maps in another layout keep it.
  constexpr auto layout = at::MemoryFormat::ChannelsLast;
  if (input.suggest_memory_format() != layout && !input.is_contiguous(layout)) return false;
  if (groups != channels || weight.size(0) != channels || weight.size(1) != 1) return false;
  if ((type != at::kFloat && type != at::kBFloat16) || (columns != 3 && columns != 5)) return false;
  if (channels < (type == at::kFloat ? groupChannels<float> : groupChannels<Bfloat16Bits>)) return false;
  for (const int64_t dimension : {0, 1}) {
    if (geometry.stride[dimension] < 1 || geometry.stride[dimension] > 2) return false;
    if (geometry.dilation[dimension] < 1 || geometry.padding[dimension] < 0) return false;
    if (axisOf(dimension, input.size(2 + dimension), weight.size(2 + dimension), geometry).output < 1) return false;
  }
  return input.numel() > 0;
}

at::Tensor convolveDepthwise(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                             const DepthwiseGeometry& geometry) {
  const Axis vertical = axisOf(0, input.size(2), weight.size(2), geometry);
  const Axis horizontal = axisOf(1, input.size(3), weight.size(3), geometry);
  const auto lattices = outputLattices(horizontal);
  return run({lattices, rowsOfOutput, vertical, weight.size(3)}, input, weight, bias,
             {input.size(0), input.size(1), vertical.output, horizontal.output});
}

at::Tensor depthwiseInputGradient(const at::Tensor& gradient, const at::Tensor& weight, at::IntArrayRef inputShape,
                                  const DepthwiseGeometry& geometry) {
  const Axis vertical = axisOf(0, inputShape[2], weight.size(2), geometry);
  const Axis horizontal = axisOf(1, inputShape[3], weight.size(3), geometry);
  const auto lattices = inputLattices(horizontal);
  return run({lattices, rowsOfInput, vertical, weight.size(3)}, gradient, weight, {}, inputShape);
}

}  // namespace coarsely
