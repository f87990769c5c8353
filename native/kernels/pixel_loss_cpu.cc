// Implements coarsely::pixel_loss on the CPU. The logits of each image are divided into tiles, ranges of rows and
// columns. In the forward pass, a tile computes the losses of the label pixels between its logits. In the backward
// pass, it gathers the gradients of its own logits from all label pixels around them; label pixels at the edge of two
// tiles are computed by both. No two tiles write the same number and every sum has a fixed order, so the result does
// not depend on the number of threads.

#include <ATen/Parallel.h>
#include <torch/library.h>

#include <atomic>
#include <limits>

#include "pixel_loss.h"
#include "pixel_loss_block.h"
#include "pixel_loss_rows.h"
#include "vectorized.h"

namespace coarsely {

namespace {

/// Marks that all labels were valid.
constexpr int64_t noWrongLabel = std::numeric_limits<int64_t>::min();

/// Selects the label pixels between two adjacent rows of logits: rows [rowBegin, rowEnd), columns of `part`.
struct Interval {
  RowPart part;
  int64_t rowBegin;
  int64_t rowEnd;
  int64_t labelWidth;
  const int64_t* labels;
  /// Holds the weight of the lower row of logits for every label row, 0..1.
  const float* shares;
};

/// Allocates the temporary arrays of one thread.
class Workspace {
 public:
  Workspace(int64_t planes, int64_t stride, int64_t classes, int64_t pixels)
      : plane_(stride * classes),
        floats_(
            at::empty({planes * plane_ + blockFloats(classes) + (pixels + vectorLanes) * roundUp(classes, vectorLanes)},
                      at::kFloat)) {
    auto* start = floats_.data_ptr<float>();
    for (int64_t i = 0; i < planes; ++i) this->planes[i] = start + i * plane_;
    block = start + planes * plane_;
    scratch = block + blockFloats(classes);
    // The extra plane of pixels without a label is read before it is written; its values are not used.
    std::fill(block, scratch, 0.0f);
  }

  int64_t planeFloats() const { return plane_; }

  float* planes[4] = {};
  float* block;
  float* scratch;

 private:
  int64_t plane_;
  at::Tensor floats_;
};

template <bool blends, Indicator indicator, bool smooths>
COARSELY_INLINE void forwardPixels(const Interval& interval, const float* above, const float* below, int64_t stride,
                                   const LossOptions& options, float* block, float* losses, float* confidence,
                                   int64_t& wrong) {
  const int64_t width = interval.part.end - interval.part.begin;
  for (int64_t x = 0; x < width; x += vectorLanes) {
    const int64_t lanes = width - x < vectorLanes ? width - x : vectorLanes;
    for (int64_t y = interval.rowBegin; y < interval.rowEnd; ++y) {
      const int64_t at = y * interval.labelWidth + interval.part.begin + x;
      const auto labels = readLabels(interval.labels + at, lanes, options, wrong);
      BlockResult result{};
      if (indicator != Indicator::None || labels.any) {
        const BlendedRows rows{above + x, below + x, stride, interval.shares[y]};
        result = forwardBlock<blends, indicator, smooths>(rows, labels, options, block);
      }
      std::memcpy(losses + at, &result.losses, lanes * sizeof(float));
      if (indicator != Indicator::None) std::memcpy(confidence + at, &result.confidence, lanes * sizeof(float));
    }
  }
}

COARSELY_VECTORIZED
void forwardInterval(const Interval& interval, const float* above, const float* below, int64_t stride, bool blends,
                     const LossOptions& options, float* block, float* losses, float* confidence, int64_t& wrong) {
#define COARSELY_FORWARD_BY(blends, indicator, smooths) \
  forwardPixels<blends, indicator, smooths>(interval, above, below, stride, options, block, losses, confidence, wrong)
#define COARSELY_FORWARD(indicator)                                                                          \
  (options.isSmoothed()                                                                                      \
       ? (blends ? COARSELY_FORWARD_BY(true, indicator, true) : COARSELY_FORWARD_BY(false, indicator, true)) \
       : (blends ? COARSELY_FORWARD_BY(true, indicator, false) : COARSELY_FORWARD_BY(false, indicator, false)))
  switch (options.indicator) {
    case Indicator::None: return COARSELY_FORWARD(Indicator::None);
    case Indicator::Variance: return COARSELY_FORWARD(Indicator::Variance);
    case Indicator::Entropy: return COARSELY_FORWARD(Indicator::Entropy);
  }
#undef COARSELY_FORWARD
#undef COARSELY_FORWARD_BY
}

template <bool blends, bool smooths>
COARSELY_INLINE void backwardPixels(const Interval& interval, const float* above, const float* below, int64_t stride,
                                    const LossOptions& options, float* block, const float* gradients, float* toAbove,
                                    float* toBelow) {
  const int64_t width = interval.part.end - interval.part.begin;
  int64_t wrong = 0;
  for (int64_t x = 0; x < width; x += vectorLanes) {
    const int64_t lanes = width - x < vectorLanes ? width - x : vectorLanes;
    for (int64_t y = interval.rowBegin; y < interval.rowEnd; ++y) {
      const int64_t at = y * interval.labelWidth + interval.part.begin + x;
      const auto labels = readLabels(interval.labels + at, lanes, options, wrong);
      if (blends && !labels.any) continue;
      Floats held{};
      std::memcpy(&held, gradients + at, lanes * sizeof(float));
      const BlendedRows rows{above + x, below + x, stride, interval.shares[y]};
      backwardBlock<blends, smooths>(rows, labels, held, options, block, toAbove + x, toBelow + x);
    }
  }
}

COARSELY_VECTORIZED
void backwardInterval(const Interval& interval, const float* above, const float* below, int64_t stride, bool blends,
                      const LossOptions& options, float* block, const float* gradients, float* toAbove,
                      float* toBelow) {
#define COARSELY_BACKWARD(blends, smooths) \
  backwardPixels<blends, smooths>(interval, above, below, stride, options, block, gradients, toAbove, toBelow)
  if (options.isSmoothed()) {
    if (blends) COARSELY_BACKWARD(true, true);
    else COARSELY_BACKWARD(false, true);
  } else {
    if (blends) COARSELY_BACKWARD(true, false);
    else COARSELY_BACKWARD(false, false);
  }
#undef COARSELY_BACKWARD
}

/// Describes how the labels' grid lies on the logits' grid, and the tiles that the work is divided into.
struct Geometry {
  MapsView logits;
  int64_t images, labelHeight, labelWidth;
  ResizePoints rows, columns;
  /// Is true where neither rows nor columns are resized.
  bool sameSize;
  /// Label rows [rowsFrom[r], rowsFrom[r + 1]) lie between rows r and r + 1 of the logits; columns likewise.
  std::vector<int64_t> rowsFrom, columnsFrom;
  /// An image has bands * strips tiles of at most tileRows * tileColumns logits.
  int64_t tileRows, tileColumns, bands, strips;

  Geometry(const at::Tensor& maps, const at::Tensor& labels)
      : logits(maps),
        images(maps.size(0)),
        labelHeight(labels.size(1)),
        labelWidth(labels.size(2)),
        rows(logits.height, labelHeight),
        columns(logits.width, labelWidth),
        sameSize(logits.height == labelHeight && logits.width == labelWidth),
        rowsFrom(startsOf(rows, logits.height)),
        columnsFrom(startsOf(columns, logits.width)) {
    // The planes of a tile should stay in the second-level cache: two rows of logits and two of gradients, or one of
    // each without resizing.
    constexpr int64_t cacheFloats = 65536;
    const int64_t pixels = std::max<int64_t>(64, cacheFloats / ((sameSize ? 2 : 4) * logits.classes));
    tileColumns = std::max<int64_t>(8, pixels * logits.width / labelWidth);
    strips = (logits.width + tileColumns - 1) / tileColumns;
    tileColumns = (logits.width + strips - 1) / strips;
    const int64_t wanted = 4 * at::get_num_threads();
    bands = std::clamp<int64_t>((wanted + images * strips - 1) / (images * strips), 1, (logits.height + 7) / 8);
    tileRows = (logits.height + bands - 1) / bands;
  }

  int64_t tiles() const { return images * bands * strips; }

  /// Returns the greatest number of label columns of any tile.
  int64_t mostColumns() const {
    int64_t most = 1;
    for (int64_t begin = 0; begin < logits.width; begin += tileColumns) {
      const int64_t end = std::min(begin + tileColumns, logits.width);
      most = std::max(most, columnsFrom[end] - columnsFrom[std::max<int64_t>(begin - 1, 0)]);
    }
    return most;
  }

 private:
  static std::vector<int64_t> startsOf(const ResizePoints& axis, int64_t inputs) {
    std::vector<int64_t> starts(inputs + 1);
    for (int64_t r = 0; r <= inputs; ++r) {
      starts[r] = std::lower_bound(axis.first.begin(), axis.first.end(), r) - axis.first.begin();
    }
    return starts;
  }
};

/// Holds a range of rows and columns of an image's logits.
struct Tile {
  int64_t image, rowBegin, rowEnd, columnBegin, columnEnd;

  Tile(const Geometry& geometry, int64_t index) {
    const int64_t strip = index % geometry.strips, band = index / geometry.strips % geometry.bands;
    image = index / geometry.strips / geometry.bands;
    rowBegin = std::min(band * geometry.tileRows, geometry.logits.height);
    rowEnd = std::min(rowBegin + geometry.tileRows, geometry.logits.height);
    columnBegin = std::min(strip * geometry.tileColumns, geometry.logits.width);
    columnEnd = std::min(columnBegin + geometry.tileColumns, geometry.logits.width);
  }

  bool isEmpty() const { return rowBegin == rowEnd || columnBegin == columnEnd; }
};

/// Caches the two rows of logits around the current label rows as planes at the labels' width. Each row is resized
/// only once.
class RowCache {
 public:
  RowCache(const Geometry& geometry, Workspace& space, int64_t stride, RowPart part)
      : geometry_(geometry), space_(space), stride_(stride), part_(part) {}

  void moveTo(int64_t row) {
    const int64_t next = std::min(row + 1, geometry_.logits.height - 1);
    if (rows_[1] == row) {
      std::swap(rows_[0], rows_[1]);
      std::swap(planes_[0], planes_[1]);
    }
    hold(0, row);
    if (!geometry_.sameSize) hold(1, next);
  }

  const float* above() const { return space_.planes[planes_[0]]; }
  const float* below() const { return space_.planes[planes_[1]]; }

 private:
  void hold(int slot, int64_t row) {
    if (rows_[slot] == row) return;
    rows_[slot] = row;
    part_.row = row;
    auto* planes = space_.planes[planes_[slot]];
    if (geometry_.sameSize) readPlanes(geometry_.logits, part_, planes, stride_, space_.scratch);
    else readStretched(geometry_.logits, part_, geometry_.columns, planes, stride_, space_.scratch);
  }

  const Geometry& geometry_;
  Workspace& space_;
  int64_t stride_;
  RowPart part_;
  int64_t rows_[2] = {-1, -1};
  int planes_[2] = {0, 1};
};

/// Converts logits of other types than float32, bfloat16 and float16 to float32.
at::Tensor asSupported(const at::Tensor& logits) {
  const auto type = logits.scalar_type();
  const bool known = type == at::kFloat || type == at::kBFloat16 || type == at::kHalf;
  return known ? logits : logits.to(at::kFloat);
}

/// Returns the arguments as the kernels take them; `weights` are those of `smoothingWeights` and have to outlive them.
LossOptions optionsOf(const at::Tensor& logits, int64_t kind, double parameter, int64_t ignoreIndex, int64_t indicator,
                      const at::Tensor& weights) {
  const int64_t classes = logits.size(1);
  const auto uniform = static_cast<float>(parameter / static_cast<double>(classes));
  const float sum = weights.numel() == 0 ? 0.0f : weights.sum().item<float>();
  return {static_cast<LossKind>(kind),
          static_cast<Indicator>(indicator),
          static_cast<float>(parameter),
          ignoreIndex,
          classes,
          weights.data_ptr<float>(),
          uniform,
          uniform * sum};
}

std::tuple<at::Tensor, at::Tensor> pixelLoss(const at::Tensor& given, const at::Tensor& givenLabels, int64_t kind,
                                             double parameter, int64_t ignoreIndex, int64_t indicator,
                                             const c10::optional<at::Tensor>& classWeights) {
  checkPixelLoss(given, givenLabels, kind, indicator, classWeights);
  const auto weights = smoothingWeights(given, kind, classWeights);
  const auto logits = asSupported(given);
  const auto labels = givenLabels.contiguous();
  const auto options = optionsOf(logits, kind, parameter, ignoreIndex, indicator, weights);
  const Geometry geometry(logits, labels);
  auto losses = at::empty(labels.sizes(), at::kFloat);
  auto confidence =
      options.indicator == Indicator::None ? at::empty({0}, at::kFloat) : at::empty(labels.sizes(), at::kFloat);
  const int64_t mapSize = geometry.labelHeight * geometry.labelWidth;
  const int64_t widest = geometry.mostColumns(), stride = planeStride(widest);
  const auto* labelData = labels.data_ptr<int64_t>();
  auto* lossData = losses.data_ptr<float>();
  auto* confidenceData = confidence.data_ptr<float>();
  std::atomic<int64_t> wrong{noWrongLabel};

  at::parallel_for(0, geometry.tiles(), 1, [&](int64_t begin, int64_t end) {
    Workspace space(2, stride, options.classes, std::max(widest, geometry.tileColumns));
    int64_t wrongHere = noWrongLabel;
    for (int64_t index = begin; index < end; ++index) {
      const Tile tile(geometry, index);
      if (tile.isEmpty()) continue;
      const RowPart part{tile.image, 0, geometry.columnsFrom[tile.columnBegin], geometry.columnsFrom[tile.columnEnd]};
      if (part.begin == part.end) continue;
      RowCache rows(geometry, space, stride, part);
      for (int64_t row = tile.rowBegin; row < tile.rowEnd; ++row) {
        const Interval interval{part,
                                geometry.rowsFrom[row],
                                geometry.rowsFrom[row + 1],
                                geometry.labelWidth,
                                labelData + tile.image * mapSize,
                                geometry.rows.share.data()};
        if (interval.rowBegin == interval.rowEnd) continue;
        rows.moveTo(row);
        forwardInterval(interval, rows.above(), rows.below(), stride, !geometry.sameSize, options, space.block,
                        lossData + tile.image * mapSize, confidenceData + tile.image * mapSize, wrongHere);
      }
    }
    if (wrongHere != noWrongLabel) wrong = wrongHere;
  });
  TORCH_CHECK(wrong == noWrongLabel, "expected labels from 0 to ", options.classes - 1, ", or ", ignoreIndex,
              " for pixels without a label, received ", wrong.load());
  return {losses, confidence};
}

at::Tensor pixelLossBackward(const at::Tensor& gradient, const at::Tensor& given, const at::Tensor& givenLabels,
                             int64_t kind, double parameter, int64_t ignoreIndex,
                             const c10::optional<at::Tensor>& classWeights) {
  const auto weights = smoothingWeights(given, kind, classWeights);
  const auto logits = asSupported(given);
  const auto labels = givenLabels.contiguous();
  const auto options = optionsOf(logits, kind, parameter, ignoreIndex, 0, weights);
  const Geometry geometry(logits, labels);
  auto result = at::empty_like(logits);
  const MapsView results(result);
  const int64_t mapSize = geometry.labelHeight * geometry.labelWidth;
  const int64_t widest = geometry.mostColumns(), stride = planeStride(widest);
  const auto* labelData = labels.data_ptr<int64_t>();
  const auto* gradientData = gradient.data_ptr<float>();

  at::parallel_for(0, geometry.tiles(), 1, [&](int64_t begin, int64_t end) {
    Workspace space(4, stride, options.classes, std::max(widest, geometry.tileColumns));
    float *toAbove = space.planes[2], *toBelow = space.planes[3];
    const auto clear = [&](float* planes) { std::fill(planes, planes + space.planeFloats(), 0.0f); };
    for (int64_t index = begin; index < end; ++index) {
      const Tile tile(geometry, index);
      if (tile.isEmpty()) continue;
      const int64_t ahead = geometry.sameSize ? 0 : 1;
      const int64_t last = geometry.logits.height - 1;
      const RowPart part{tile.image, 0, geometry.columnsFrom[std::max<int64_t>(tile.columnBegin - ahead, 0)],
                         geometry.columnsFrom[tile.columnEnd]};
      RowCache rows(geometry, space, stride, part);
      clear(toAbove);
      clear(toBelow);
      for (int64_t row = std::max<int64_t>(tile.rowBegin - ahead, 0); row < tile.rowEnd; ++row) {
        const Interval interval{part,
                                geometry.rowsFrom[row],
                                geometry.rowsFrom[row + 1],
                                geometry.labelWidth,
                                labelData + tile.image * mapSize,
                                geometry.rows.share.data()};
        if (interval.rowBegin < interval.rowEnd && part.begin < part.end) {
          rows.moveTo(row);
          // The last row is its own lower neighbor.
          backwardInterval(interval, rows.above(), rows.below(), stride, !geometry.sameSize, options, space.block,
                           gradientData + tile.image * mapSize, toAbove, row == last ? toAbove : toBelow);
        }
        const RowPart own{part.image, row, part.begin, part.end};
        if (geometry.sameSize) {
          writePlanes(results, own, toAbove, stride, space.scratch);
        } else {
          if (row >= tile.rowBegin) {
            writeGathered(results, own, geometry.columns, toAbove, stride, tile.columnBegin, tile.columnEnd,
                          space.scratch);
          }
          std::swap(toAbove, toBelow);
          clear(toBelow);
        }
      }
    }
  });
  return result.to(given.scalar_type());
}

}  // namespace

TORCH_LIBRARY_IMPL(coarsely, CPU, library) {
  library.impl("pixel_loss", pixelLoss);
  library.impl("pixel_loss_backward", pixelLossBackward);
}

}  // namespace coarsely
