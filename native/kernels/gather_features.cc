// Implements the operators of quick training on the CPU: coarsely::gather_features reads features at points of an image
// from maps of several strides, and coarsely::gather_rows copies kept features into a batch. Both convert while they
// copy, so that features stay in float16 wherever they are kept.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <vector>

#include "float16.h"
#include "resize_axis.h"

namespace coarsely {

namespace {

/// Is a map [h, w, channels] of an image, whose values go to `offset` in a row of features.
struct FeatureMap {
  const Float16Bits* values;
  int64_t channels, offset;
  ResizeAxis rows, columns;
};

/// Loads fewer numbers than a vector has where a row ends; the rest is 0.
template <typename Stored>
COARSELY_INLINE Floats loadSome(const Stored* from, int64_t count) {
  if (count == vectorLanes) return load(from);
  Stored values[vectorLanes] = {};
  std::memcpy(values, from, count * sizeof(Stored));
  return load(values);
}

template <typename Stored>
COARSELY_INLINE void storeSome(Stored* to, Floats values, int64_t count) {
  if (count == vectorLanes) return store(to, values);
  Stored some[vectorLanes];
  store(some, values);
  std::memcpy(to, some, count * sizeof(Stored));
}

/// Interpolates one point of a map, columns first, as resize_bilinear does.
COARSELY_VECTORIZED_EXACT
void readPoint(Float16Bits* out, const FeatureMap& map, float x, float y) {
  COARSELY_EXACT
  const AxisPoint row = map.rows.around(y), column = map.columns.around(x);
  const int64_t channels = map.channels, width = map.columns.inputs;
  const Float16Bits* a = map.values + (row.first * width + column.first) * channels;
  const Float16Bits* b = map.values + (row.first * width + column.second) * channels;
  const Float16Bits* c = map.values + (row.second * width + column.first) * channels;
  const Float16Bits* d = map.values + (row.second * width + column.second) * channels;
  const float right = column.share, left = 1.0f - right, below = row.share, above = 1.0f - below;
  for (int64_t i = 0; i < channels; i += vectorLanes) {
    const int64_t count = std::min(vectorLanes, channels - i);
    const Floats upper = left * loadSome(a + i, count) + right * loadSome(b + i, count);
    const Floats lower = left * loadSome(c + i, count) + right * loadSome(d + i, count);
    storeSome(out + i, above * upper + below * lower, count);
  }
}

template <typename Stored>
COARSELY_INLINE void convertValues(Stored* out, const Float16Bits* row, int64_t length) {
  for (int64_t i = 0; i < length; i += vectorLanes) {
    const int64_t count = std::min(vectorLanes, length - i);
    storeSome(out + i, loadSome(row + i, count), count);
  }
}

COARSELY_VECTORIZED
void convertRow(float* out, const Float16Bits* row, int64_t length) {
  convertValues(out, row, length);
}

COARSELY_VECTORIZED
void convertRow(Bfloat16Bits* out, const Float16Bits* row, int64_t length) {
  convertValues(out, row, length);
}

const Float16Bits* halvesOf(const at::Tensor& tensor) {
  return reinterpret_cast<const Float16Bits*>(tensor.data_ptr<at::Half>());
}

at::Tensor gatherFeatures(at::TensorList maps, const at::Tensor& points, at::IntArrayRef size) {
  TORCH_CHECK(!maps.empty() && size.size() == 2 && size[0] > 0 && size[1] > 0,
              "expected maps and a size [height,width], received ", maps.size(), " maps and size ", size);
  TORCH_CHECK(points.dim() == 2 && points.size(1) == 2 && points.scalar_type() == at::kFloat,
              "expected points [n,2] in float32, received ", points.scalar_type(), " ", points.sizes());
  std::vector<at::Tensor> kept;
  std::vector<FeatureMap> views;
  int64_t length = 0;
  for (const auto& map : maps) {
    TORCH_CHECK(map.dim() == 4 && map.size(0) == 1 && map.numel() > 0 && map.scalar_type() == at::kHalf,
                "expected maps [1,C,h,w] in float16, received ", map.scalar_type(), " ", map.sizes());
    kept.push_back(map.contiguous(at::MemoryFormat::ChannelsLast));
    views.push_back({halvesOf(kept.back()), map.size(1), length, ResizeAxis(map.size(2), size[0]),
                     ResizeAxis(map.size(3), size[1])});
    length += map.size(1);
  }
  const auto places = points.contiguous();
  const auto* place = places.data_ptr<float>();
  const int64_t count = places.size(0);
  auto rows = at::empty({count, length}, maps[0].options().memory_format(c10::nullopt));
  auto* target = reinterpret_cast<Float16Bits*>(rows.data_ptr<at::Half>());
  const int64_t grain = std::max<int64_t>(1, 16384 / length);
  at::parallel_for(0, count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (const auto& view : views) {
        readPoint(target + i * length + view.offset, view, place[2 * i], place[2 * i + 1]);
      }
    }
  });
  return rows;
}

template <typename Stored, typename Element>
void convertRows(at::Tensor& batch, const std::vector<const Float16Bits*>& chunks, const int32_t* rows,
                 int64_t chunkRows) {
  const int64_t length = batch.size(1);
  auto* target = reinterpret_cast<Stored*>(batch.data_ptr<Element>());
  at::parallel_for(0, batch.size(0), std::max<int64_t>(1, 32768 / length), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = rows[i];
      convertRow(target + i * length, chunks[row / chunkRows] + row % chunkRows * length, length);
    }
  });
}

at::Tensor gatherRows(at::TensorList chunks, const at::Tensor& rows, bool bfloat16) {
  TORCH_CHECK(!chunks.empty() && rows.dim() == 1 && rows.scalar_type() == at::kInt,
              "expected chunks and rows [n] in int32, received ", chunks.size(), " chunks and rows ", rows.sizes());
  const int64_t chunkRows = chunks[0].size(0), length = chunks[0].size(1);
  std::vector<const Float16Bits*> starts;
  for (const auto& chunk : chunks) {
    TORCH_CHECK(chunk.dim() == 2 && chunk.size(0) == chunkRows && chunk.size(1) == length && length > 0 &&
                    chunk.scalar_type() == at::kHalf && chunk.is_contiguous(),
                "expected contiguous chunks [", chunkRows, ",", length, "] in float16, received ", chunk.scalar_type(),
                " ", chunk.sizes());
    starts.push_back(halvesOf(chunk));
  }
  const auto indices = rows.contiguous();
  const auto* index = indices.data_ptr<int32_t>();
  const auto limit = chunkRows * static_cast<int64_t>(chunks.size());
  for (int64_t i = 0; i < indices.size(0); ++i) {
    TORCH_CHECK(index[i] >= 0 && index[i] < limit, "expected rows from 0 to ", limit - 1, ", received ", index[i]);
  }
  auto batch = at::empty({indices.size(0), length}, chunks[0].options().dtype(bfloat16 ? at::kBFloat16 : at::kFloat));
  if (bfloat16) {
    convertRows<Bfloat16Bits, at::BFloat16>(batch, starts, index, chunkRows);
  } else {
    convertRows<float, float>(batch, starts, index, chunkRows);
  }
  return batch;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def("gather_features(Tensor[] maps, Tensor points, int[2] size) -> Tensor");
  library.def("gather_rows(Tensor[] chunks, Tensor rows, bool bfloat16) -> Tensor");
}

TORCH_LIBRARY_IMPL(coarsely, CPU, library) {
  library.impl("gather_features", gatherFeatures);
  library.impl("gather_rows", gatherRows);
}

}  // namespace coarsely
