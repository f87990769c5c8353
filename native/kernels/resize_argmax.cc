// Implements coarsely::resize_argmax on the CPU: the most likely class of every pixel from logits at a lower
// resolution. The map of all classes at full resolution is not stored; 19 classes of 2048 x 1024 pixels would be 160
// MB, written and read for 16 MB of labels.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <vector>

#include "resize_axis.h"
#include "vectorized.h"

namespace coarsely {

namespace {

/// Counts the columns of a tile, two resized rows of whose classes stay in a core's cache.
constexpr int64_t tileWidth = 256;

/// Resizes one input row to the columns of a tile, [classes, tileWidth].
COARSELY_VECTORIZED
void stretch(float* out, const float* row, const int64_t* first, const int64_t* second, const float* share,
             int64_t columns, int64_t classes) {
  for (int64_t x = 0; x < columns; ++x) {
    const float* a = row + first[x] * classes;
    const float* b = row + second[x] * classes;
    const float rest = 1.0f - share[x];
    for (int64_t c = 0; c < classes; ++c) out[c * tileWidth + x] = rest * a[c] + share[x] * b[c];
  }
}

/// Writes the class of the greatest logit between two resized rows, the first one among equals. NaN counts as greatest,
/// as in libtorch's argmax.
COARSELY_VECTORIZED
void argmaxRow(int64_t* labels, const float* above, const float* below, float share, int64_t columns, int64_t classes) {
  float best[tileWidth];
  int32_t index[tileWidth];
  const float rest = 1.0f - share;
  for (int64_t x = 0; x < columns; ++x) {
    best[x] = rest * above[x] + share * below[x];
    index[x] = 0;
  }
  for (int64_t c = 1; c < classes; ++c) {
    const float* a = above + c * tileWidth;
    const float* b = below + c * tileWidth;
    const auto label = static_cast<int32_t>(c);
    for (int64_t x = 0; x < columns; ++x) {
      const float value = rest * a[x] + share * b[x];
      const bool better = (value > best[x]) | ((value != value) & (best[x] == best[x]));
      best[x] = better ? value : best[x];
      index[x] = better ? label : index[x];
    }
  }
  for (int64_t x = 0; x < columns; ++x) labels[x] = index[x];
}

at::Tensor resizeArgmax(const at::Tensor& logits, at::IntArrayRef size) {
  TORCH_CHECK(logits.dim() == 4 && size.size() == 2 && size[0] > 0 && size[1] > 0 && logits.numel() > 0,
              "expected logits [N,C,h,w] and a size [height,width], received shape ", logits.sizes(), " and size ",
              size);
  const auto maps = logits.detach().to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  const int64_t count = maps.size(0), classes = maps.size(1), inputHeight = maps.size(2), inputWidth = maps.size(3);
  const int64_t height = size[0], width = size[1];
  auto labels = at::empty({count, height, width}, maps.options().dtype(at::kLong).memory_format(c10::nullopt));
  const ResizePoints rows(inputHeight, height), columns(inputWidth, width);
  const auto* source = maps.data_ptr<float>();
  auto* target = labels.data_ptr<int64_t>();
  const int64_t tiles = (width + tileWidth - 1) / tileWidth, tileFloats = classes * tileWidth;

  // A task is one row of one tile; consecutive rows mostly share their resized input rows.
  const int64_t grain = std::max<int64_t>(1, 65536 / (classes * tileWidth));
  at::parallel_for(0, count * tiles * height, grain, [&](int64_t begin, int64_t end) {
    std::vector<float> buffers[2] = {std::vector<float>(tileFloats), std::vector<float>(tileFloats)};
    int64_t held[2] = {-1, -1}, heldTile = -1;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t y = task % height, tile = task / height % tiles, image = task / height / tiles;
      const int64_t left = tile * tileWidth, inTile = std::min(tileWidth, width - left);
      if (heldTile != task / height) held[0] = held[1] = -1;
      heldTile = task / height;
      const auto stretched = [&](int64_t row, int64_t spare) -> const float* {
        for (int i = 0; i < 2; ++i) {
          if (held[i] == row) return buffers[i].data();
        }
        const int slot = held[0] == spare ? 1 : 0;
        stretch(buffers[slot].data(), source + (image * inputHeight + row) * inputWidth * classes,
                columns.first.data() + left, columns.second.data() + left, columns.share.data() + left, inTile,
                classes);
        held[slot] = row;
        return buffers[slot].data();
      };
      const float* above = stretched(rows.first[y], rows.second[y]);
      const float* below = stretched(rows.second[y], rows.first[y]);
      argmaxRow(target + (image * height + y) * width + left, above, below, rows.share[y], inTile, classes);
    }
  });
  return labels;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def("resize_argmax(Tensor logits, int[2] size) -> Tensor");
}

TORCH_LIBRARY_IMPL(coarsely, CPU, library) {
  library.impl("resize_argmax", resizeArgmax);
}

}  // namespace coarsely
