// The pixel loss on the CPU. Work is divided into tiles of the input: some rows and some columns of an image's logits.
// Forward, a tile makes the losses of the label pixels that lie between its logits; backward, it gathers what all label
// pixels around give to its own logits, those at its edge computed by both neighbours. So no two tiles write the same
// number, every sum is taken in one order, and the result does not depend on the number of threads.

#include <ATen/Parallel.h>
#include <torch/library.h>

#include <atomic>
#include <limits>

#include "pixel_loss_block.h"
#include "pixel_loss_rows.h"
#include "vectorised.h"

namespace coarsely {

namespace {

constexpr int64_t kNoneWrong = std::numeric_limits<int64_t>::min();

/// Label pixels that lie between two neighbouring rows of logits, columns [begin, end), and their maps.
struct Interval {
  RowPart part;
  int64_t rowBegin;
  int64_t rowEnd;
  int64_t labelWidth;
  const int64_t* labels;
  const float* shares;
};

/// Floats of one thread.
class Workspace {
 public:
  Workspace(int64_t planes, int64_t stride, int64_t classes, int64_t pixels)
      : plane_(stride * classes),
        floats_(at::empty({planes * plane_ + blockFloats(classes) + (pixels + kLanes) * roundUp(classes, kLanes)},
                          at::kFloat)) {
    auto* start = floats_.data_ptr<float>();
    for (int64_t i = 0; i < planes; ++i) this->planes[i] = start + i * plane_;
    block = start + planes * plane_;
    scratch = block + blockFloats(classes);
    // The plane of pixels without a label is read, though nothing follows from it.
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

template <bool blends, Indicator indicator>
COARSELY_INLINE void forwardPixels(const Interval& interval, const float* above, const float* below, int64_t stride,
                                   const LossOptions& options, float* block, float* losses, float* confidence,
                                   int64_t& wrong) {
  const int64_t width = interval.part.end - interval.part.begin;
  for (int64_t x = 0; x < width; x += kLanes) {
    const int64_t lanes = width - x < kLanes ? width - x : kLanes;
    for (int64_t y = interval.rowBegin; y < interval.rowEnd; ++y) {
      const int64_t at = y * interval.labelWidth + interval.part.begin + x;
      const auto labels = readLabels(interval.labels + at, lanes, options, wrong);
      BlockResult result{};
      if (indicator != Indicator::None || labels.any) {
        const BlendedRows rows{above + x, below + x, stride, interval.shares[y]};
        result = forwardBlock<blends, indicator>(rows, labels, options, block);
      }
      std::memcpy(losses + at, &result.losses, lanes * sizeof(float));
      if (indicator != Indicator::None) std::memcpy(confidence + at, &result.confidence, lanes * sizeof(float));
    }
  }
}

COARSELY_VECTORISED
void forwardInterval(const Interval& interval, const float* above, const float* below, int64_t stride, bool blends,
                     const LossOptions& options, float* block, float* losses, float* confidence, int64_t& wrong) {
#define COARSELY_FORWARD(indicator)                                                                              \
  (blends ? forwardPixels<true, indicator>(interval, above, below, stride, options, block, losses, confidence, wrong) \
          : forwardPixels<false, indicator>(interval, above, below, stride, options, block, losses, confidence, wrong))
  switch (options.indicator) {
    case Indicator::None:
      return COARSELY_FORWARD(Indicator::None);
    case Indicator::Variance:
      return COARSELY_FORWARD(Indicator::Variance);
    case Indicator::Entropy:
      return COARSELY_FORWARD(Indicator::Entropy);
  }
#undef COARSELY_FORWARD
}

template <bool blends>
COARSELY_INLINE void backwardPixels(const Interval& interval, const float* above, const float* below, int64_t stride,
                                    const LossOptions& options, float* block, const float* gradients, float* toAbove,
                                    float* toBelow) {
  const int64_t width = interval.part.end - interval.part.begin;
  int64_t wrong = 0;
  for (int64_t x = 0; x < width; x += kLanes) {
    const int64_t lanes = width - x < kLanes ? width - x : kLanes;
    for (int64_t y = interval.rowBegin; y < interval.rowEnd; ++y) {
      const int64_t at = y * interval.labelWidth + interval.part.begin + x;
      const auto labels = readLabels(interval.labels + at, lanes, options, wrong);
      if (blends && !labels.any) continue;
      Floats held{};
      std::memcpy(&held, gradients + at, lanes * sizeof(float));
      const BlendedRows rows{above + x, below + x, stride, interval.shares[y]};
      backwardBlock<blends>(rows, labels, held, options, block, toAbove + x, toBelow + x);
    }
  }
}

COARSELY_VECTORISED
void backwardInterval(const Interval& interval, const float* above, const float* below, int64_t stride, bool blends,
                      const LossOptions& options, float* block, const float* gradients, float* toAbove,
                      float* toBelow) {
  if (blends) {
    backwardPixels<true>(interval, above, below, stride, options, block, gradients, toAbove, toBelow);
  } else {
    backwardPixels<false>(interval, above, below, stride, options, block, gradients, toAbove, toBelow);
  }
}

/// How logits and labels lie to each other, and the tiles that the work is divided into.
struct Geometry {
  MapsView logits;
  int64_t images, labelHeight, labelWidth;
  Axis rows, columns;
  /// Neither rows nor columns are resized.
  bool sameSize;
  /// Label rows [from[r], from[r + 1]) lie between logits' rows r and r + 1.
  std::vector<int64_t> rowsFrom, columnsFrom;
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
    // Planes of a tile's rows, two of logits and two of gradients or one of each, should stay in the second cache.
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

  /// The most label columns that any tile's logits take part in.
  int64_t mostColumns() const {
    int64_t most = 1;
    for (int64_t begin = 0; begin < logits.width; begin += tileColumns) {
      const int64_t end = std::min(begin + tileColumns, logits.width);
      most = std::max(most, columnsFrom[end] - columnsFrom[std::max<int64_t>(begin - 1, 0)]);
    }
    return most;
  }

 private:
  static std::vector<int64_t> startsOf(const Axis& axis, int64_t inputs) {
    std::vector<int64_t> starts(inputs + 1);
    for (int64_t r = 0; r <= inputs; ++r) {
      starts[r] = std::lower_bound(axis.first.begin(), axis.first.end(), r) - axis.first.begin();
    }
    return starts;
  }
};

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

/// The two rows of logits, as planes at the labels' width, between which label rows lie; each is made once.
class HeldRows {
 public:
  HeldRows(const Geometry& geometry, Workspace& space, int64_t stride, RowPart part)
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

at::Tensor asSupported(const at::Tensor& logits) {
  const auto type = logits.scalar_type();
  const bool known = type == at::kFloat || type == at::kBFloat16 || type == at::kHalf;
  return known ? logits : logits.to(at::kFloat);
}

LossOptions optionsOf(const at::Tensor& logits, int64_t kind, double parameter, int64_t ignoreIndex,
                      int64_t indicator) {
  return {static_cast<LossKind>(kind), static_cast<Indicator>(indicator), static_cast<float>(parameter), ignoreIndex,
          logits.size(1)};
}

std::tuple<at::Tensor, at::Tensor> pixelLoss(const at::Tensor& given, const at::Tensor& givenLabels, int64_t kind,
                                             double parameter, int64_t ignoreIndex, int64_t indicator) {
  checkPixelLoss(given, givenLabels, kind, indicator);
  const auto logits = asSupported(given);
  const auto labels = givenLabels.contiguous();
  const auto options = optionsOf(logits, kind, parameter, ignoreIndex, indicator);
  const Geometry geometry(logits, labels);
  auto losses = at::empty(labels.sizes(), at::kFloat);
  auto confidence =
      options.indicator == Indicator::None ? at::empty({0}, at::kFloat) : at::empty(labels.sizes(), at::kFloat);
  const int64_t mapSize = geometry.labelHeight * geometry.labelWidth;
  const int64_t widest = geometry.mostColumns(), stride = planeStride(widest);
  const auto* labelData = labels.data_ptr<int64_t>();
  auto* lossData = losses.data_ptr<float>();
  auto* confidenceData = confidence.data_ptr<float>();
  std::atomic<int64_t> wrong{kNoneWrong};

  at::parallel_for(0, geometry.tiles(), 1, [&](int64_t begin, int64_t end) {
    Workspace space(2, stride, options.classes, std::max(widest, geometry.tileColumns));
    int64_t wrongHere = kNoneWrong;
    for (int64_t index = begin; index < end; ++index) {
      const Tile tile(geometry, index);
      if (tile.isEmpty()) continue;
      const RowPart part{tile.image, 0, geometry.columnsFrom[tile.columnBegin], geometry.columnsFrom[tile.columnEnd]};
      if (part.begin == part.end) continue;
      HeldRows rows(geometry, space, stride, part);
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
    if (wrongHere != kNoneWrong) wrong = wrongHere;
  });
  TORCH_CHECK(wrong == kNoneWrong, "expected labels from 0 to ", options.classes - 1, ", or ", ignoreIndex,
              " where there is none, received ", wrong.load());
  return {losses, confidence};
}

at::Tensor pixelLossBackward(const at::Tensor& gradient, const at::Tensor& given, const at::Tensor& givenLabels,
                             int64_t kind, double parameter, int64_t ignoreIndex) {
  const auto logits = asSupported(given);
  const auto labels = givenLabels.contiguous();
  const auto options = optionsOf(logits, kind, parameter, ignoreIndex, 0);
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
      HeldRows rows(geometry, space, stride, part);
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
          // Below the last row lies the last row itself.
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
