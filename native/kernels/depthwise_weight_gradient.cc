// Computes the gradient to the filters of a convolution with one filter per channel: for each tap, the sum over all
// pixels of the output of the gradient times the pixel of the input under the tap. Blocks of rows are summed apart, in
// float32 over few pixels and in float64 beyond, and the blocks are added in their order; the shapes alone determine
// them.
#include <ATen/Parallel.h>

#include "depthwise_lanes.h"
#include "depthwise_lattice.h"
#include "depthwise_maps.h"
#include "vectorized.h"

namespace coarsely {

namespace {

/// Counts the neighbors in a lattice whose products are added together.
constexpr int64_t together = 8;
/// Is the greatest number of blocks, enough for many threads, and the least number of pixels of a block.
constexpr int64_t mostBlocks = 64, leastPixels = 128;
/// Counts the pixels that are summed in float32 before their sum is added in float64.
constexpr int64_t pixelsInFloat = 256;

/// Holds a row of the input [width, channels] and the sums of the filter's row that reads it, [kernel width, lanes].
template <typename T>
struct SummedRow {
  const T* pixels;
  float* sums;
};

template <typename T>
struct GradientRow {
  const T* gradient;  // [output width, channels]
  const SummedRow<T>* rows;
  int64_t rowCount;
  int64_t inputWidth, channels;
  int64_t lanes;  // channels, rounded up to whole groups
};

/// Adds the products of `count` neighbors of a lattice. `checked` leaves out columns beside the input.
template <int64_t taps, int64_t advance, int64_t count, bool checked, typename T>
COARSELY_INLINE void addNeighbors(const GradientRow<T>& task, const Lattice& lattice, int64_t at) {
  constexpr int64_t columns = (count - 1) * advance + taps;
  const int64_t channels = task.channels;
  const int64_t source = lattice.source + at * advance * lattice.spacing;
  const T* gradient = task.gradient + (lattice.first + at * lattice.step) * channels;
  constexpr int64_t vectors = groupVectors<T>;
  for (int64_t next = 0; next < channels; next += groupChannels<T>) {
    const int64_t first = firstOfGroup<T>(next, channels);
    Floats factors[count][vectors];
    COARSELY_UNROLL
    for (int64_t p = 0; p < count; ++p) loadGroup(gradient + p * lattice.step * channels + first, factors[p]);
    for (int64_t r = 0; r < task.rowCount; ++r) {
      const T* pixels = task.rows[r].pixels + first;
      float* row = task.rows[r].sums + next;
      Floats sums[taps][vectors];
      COARSELY_UNROLL
      for (int64_t t = 0; t < taps; ++t) {
        COARSELY_UNROLL
        for (int64_t v = 0; v < vectors; ++v) sums[t][v] = load(row + t * task.lanes + v * vectorLanes);
      }
#pragma GCC unroll 32
      for (int64_t j = 0; j < columns; ++j) {
        const int64_t column = source + j * lattice.spacing;
        if (checked && (column < 0 || column >= task.inputWidth)) continue;
        Floats pixel[vectors];
        loadGroup(pixels + column * channels, pixel);
        COARSELY_UNROLL
        for (int64_t p = 0; p < count; ++p) {
          const int64_t t = j - p * advance;
          if (t < 0 || t >= taps) continue;
          COARSELY_UNROLL
          for (int64_t v = 0; v < vectors; ++v) sums[t][v] += factors[p][v] * pixel[v];
        }
      }
      COARSELY_UNROLL
      for (int64_t t = 0; t < taps; ++t) {
        COARSELY_UNROLL
        for (int64_t v = 0; v < vectors; ++v) store(row + t * task.lanes + v * vectorLanes, sums[t][v]);
      }
    }
  }
}

template <int64_t taps, int64_t advance, typename T>
COARSELY_INLINE void addLatticeOf(const GradientRow<T>& task, const Lattice& lattice) {
  int64_t at = 0;
  for (; at + together <= lattice.count; at += together) {
    const int64_t begin = lattice.source + at * advance * lattice.spacing;
    const int64_t last = begin + ((together - 1) * advance + taps - 1) * lattice.spacing;
    if (begin >= 0 && last < task.inputWidth) addNeighbors<taps, advance, together, false>(task, lattice, at);
    else addNeighbors<taps, advance, together, true>(task, lattice, at);
  }
  for (; at < lattice.count; ++at) addNeighbors<taps, advance, 1, true>(task, lattice, at);
}

template <typename T>
COARSELY_INLINE void addLattices(const GradientRow<T>& task, const std::vector<Lattice>& lattices) {
  for (const auto& lattice : lattices) {
    if (lattice.taps == 3 && lattice.advance == 1) addLatticeOf<3, 1>(task, lattice);
    else if (lattice.taps == 3) addLatticeOf<3, 2>(task, lattice);
    else if (lattice.advance == 1) addLatticeOf<5, 1>(task, lattice);
    else addLatticeOf<5, 2>(task, lattice);
  }
}

COARSELY_VECTORIZED
void addLatticesOf(const GradientRow<float>& task, const std::vector<Lattice>& lattices) {
  addLattices(task, lattices);
}
COARSELY_VECTORIZED
void addLatticesOf(const GradientRow<Bfloat16Bits>& task, const std::vector<Lattice>& lattices) {
  addLattices(task, lattices);
}

/// Adds the sums in float32 to those in float64, and sets them to 0.
COARSELY_VECTORIZED
void flush(double* __restrict__ totals, float* __restrict__ sums, int64_t count) {
  COARSELY_INDEPENDENT
  for (int64_t i = 0; i < count; ++i) {
    totals[i] += sums[i];
    sums[i] = 0;
  }
}

/// Adds up block `block` of `rowsPerBlock` rows into `totals` [taps, lanes].
template <typename T>
void sumBlock(const at::Tensor& gradient, const at::Tensor& input, const Axis& vertical,
              const std::vector<Lattice>& lattices, int64_t kernelWidth, int64_t firstRow, int64_t lastRow,
              int64_t lanes, double* totals) {
  const int64_t channels = input.size(1), height = gradient.size(2), width = gradient.size(3);
  const int64_t inputHeight = input.size(2), inputWidth = input.size(3);
  const auto* from = static_cast<const T*>(input.data_ptr());
  const auto* factors = static_cast<const T*>(gradient.data_ptr());
  std::vector<float> sums(vertical.kernel * kernelWidth * lanes, 0.0f);
  std::vector<SummedRow<T>> rows;
  int64_t pixels = 0;
  for (int64_t row = firstRow; row < lastRow; ++row) {
    rows.clear();
    for (const auto& [y, tap] : rowsOfOutput(vertical, row % height)) {
      rows.push_back(
          {from + (row / height * inputHeight + y) * inputWidth * channels, sums.data() + tap * kernelWidth * lanes});
    }
    addLatticesOf(
        {factors + row * width * channels, rows.data(), static_cast<int64_t>(rows.size()), inputWidth, channels, lanes},
        lattices);
    pixels += width;
    if (pixels < pixelsInFloat && row + 1 < lastRow) continue;
    flush(totals, sums.data(), static_cast<int64_t>(sums.size()));
    pixels = 0;
  }
}

}  // namespace

at::Tensor depthwiseWeightGradient(const at::Tensor& gradient, const at::Tensor& input, at::IntArrayRef weightShape,
                                   const DepthwiseGeometry& geometry) {
  const auto factors = gradient.contiguous(at::MemoryFormat::ChannelsLast);
  const auto maps = input.contiguous(at::MemoryFormat::ChannelsLast);
  const int64_t channels = maps.size(1), taps = weightShape[2] * weightShape[3];
  const Axis vertical = axisOf(0, maps.size(2), weightShape[2], geometry);
  const auto lattices = outputLattices(axisOf(1, maps.size(3), weightShape[3], geometry));
  const bool isFloat = maps.scalar_type() == at::kFloat;
  const auto channelsOf = isFloat ? channelsOfLanes<float>(channels) : channelsOfLanes<Bfloat16Bits>(channels);
  const int64_t lanes = channelsOf.numel();
  const int64_t rows = factors.size(0) * factors.size(2), width = factors.size(3);
  const int64_t rowsPerBlock = std::max((rows + mostBlocks - 1) / mostBlocks, (leastPixels + width - 1) / width);
  const int64_t blocks = (rows + rowsPerBlock - 1) / rowsPerBlock;
  std::vector<double> partial(blocks * taps * lanes, 0.0);
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * rowsPerBlock, last = std::min(first + rowsPerBlock, rows);
      double* totals = partial.data() + block * taps * lanes;
      if (isFloat) {
        sumBlock<float>(factors, maps, vertical, lattices, weightShape[3], first, last, lanes, totals);
      } else {
        sumBlock<Bfloat16Bits>(factors, maps, vertical, lattices, weightShape[3], first, last, lanes, totals);
      }
    }
  });
  for (int64_t block = 1; block < blocks; ++block) {
    for (int64_t i = 0; i < taps * lanes; ++i) partial[i] += partial[block * taps * lanes + i];
  }
  auto result = at::empty(weightShape, at::kFloat);
  auto* out = result.data_ptr<float>();
  // A channel of two groups has the same sums in both.
  const auto* channel = channelsOf.data_ptr<int64_t>();
  for (int64_t lane = 0; lane < lanes; ++lane) {
    for (int64_t t = 0; t < taps; ++t) out[channel[lane] * taps + t] = static_cast<float>(partial[t * lanes + lane]);
  }
  return result;
}

}  // namespace coarsely
