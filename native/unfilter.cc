// Every pixel waits for the one at its left, so the work is one pixel at a time: all its channels at once for colour
// images, and for label maps whole words where nothing changes.
#include "unfilter.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace coarsely {

namespace {

uint8_t paeth(int left, int above, int corner) {
  const int toLeft = std::abs(above - corner), toAbove = std::abs(left - corner);
  const int toCorner = std::abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return static_cast<uint8_t>(left);
  return static_cast<uint8_t>(toAbove <= toCorner ? above : corner);
}

uint64_t eight(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

void up(const FilteredRow& row) {
  for (size_t i = 0; i < row.bytes; ++i) row.output[i] = static_cast<uint8_t>(row.differences[i] + row.above[i]);
}

/// One byte a pixel, mostly label maps: within a region all filters continue the left pixel, eight at a time.
template <typename Predict>
void continueRow(const FilteredRow& row, bool looksUp, Predict predict) {
  uint8_t left = 0, corner = 0;
  for (size_t i = 0; i < row.bytes;) {
    if (i + 8 <= row.bytes && eight(row.differences + i) == 0) {
      const uint64_t same = 0x0101010101010101u * left;
      if (!looksUp || (corner == left && eight(row.above + i) == same)) {
        std::memcpy(row.output + i, &same, sizeof same);
        corner = row.above[i + 7];
        i += 8;
        continue;
      }
    }
    const uint8_t above = row.above[i];
    left = static_cast<uint8_t>(row.differences[i] + predict(left, above, corner));
    row.output[i] = left;
    corner = above;
    ++i;
  }
}

/// Several bytes a pixel, without vectors.
template <typename Predict>
void eachByte(const FilteredRow& row, Predict predict) {
  const size_t step = row.step;
  for (size_t i = 0; i < row.bytes; ++i) {
    const bool first = i < step;
    const int left = first ? 0 : row.output[i - step], corner = first ? 0 : row.above[i - step];
    row.output[i] = static_cast<uint8_t>(row.differences[i] + predict(left, row.above[i], corner));
  }
}

#if defined(__SSE2__)

// Four bytes are read and written for a pixel of three, as three would be put together from two and one: the byte that
// is read too much is never used (see FilteredRow for the last one), and what is written too much is the next pixel's.
__m128i load(const uint8_t* bytes) {
  int32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return _mm_cvtsi32_si128(word);
}

template <int Step>
void store(const FilteredRow& row, size_t at, __m128i pixel) {
  const int32_t word = _mm_cvtsi128_si32(pixel);
  if (at + Step < row.bytes) std::memcpy(row.output + at, &word, sizeof word);
  else std::memcpy(row.output + at, &word, Step);
}

__m128i wide(__m128i bytes) { return _mm_unpacklo_epi8(bytes, _mm_setzero_si128()); }

__m128i choose(__m128i mask, __m128i yes, __m128i no) {
  return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
}

__m128i magnitude(__m128i words) { return _mm_max_epi16(words, _mm_sub_epi16(_mm_setzero_si128(), words)); }

/// The pixel at the left, at the row's end so far, and the one above it: what Paeth's filter continues. In 16 bits.
struct Paeth {
  __m128i left = _mm_setzero_si128();
  __m128i corner = _mm_setzero_si128();

  __m128i next(__m128i difference, __m128i above) {
    const __m128i byLeft = _mm_sub_epi16(above, corner), byAbove = _mm_sub_epi16(left, corner);
    const __m128i toLeft = magnitude(byLeft), toAbove = magnitude(byAbove);
    const __m128i toCorner = magnitude(_mm_add_epi16(byLeft, byAbove));
    const __m128i least = _mm_min_epi16(toCorner, _mm_min_epi16(toLeft, toAbove));
    const __m128i nearest = choose(_mm_cmpeq_epi16(least, toLeft), left,
                                   choose(_mm_cmpeq_epi16(least, toAbove), above, corner));
    // Byte arithmetic wraps within the low half of each word; the high halves stay zero.
    left = _mm_add_epi8(difference, nearest);
    corner = above;
    return left;
  }
};

template <int Step>
void paethRow(const FilteredRow& row) {
  Paeth paeth;
  for (size_t i = 0; i < row.bytes; i += Step) {
    const __m128i pixel = paeth.next(wide(load(row.differences + i)), wide(load(row.above + i)));
    store<Step>(row, i, _mm_packus_epi16(pixel, pixel));
  }
}

/// Two rows, the lower one a pixel behind: neither waits for the other, and the processor does both in the time of one.
template <int Step>
void paethRows(const FilteredRow& upper, const FilteredRow& lower) {
  Paeth first, second;
  const auto upperPixel = [&](size_t i) {
    const __m128i pixel = first.next(wide(load(upper.differences + i)), wide(load(upper.above + i)));
    store<Step>(upper, i, _mm_packus_epi16(pixel, pixel));
    return pixel;
  };
  const auto lowerPixel = [&](size_t i, __m128i above) {
    const __m128i pixel = second.next(wide(load(lower.differences + i)), above);
    store<Step>(lower, i, _mm_packus_epi16(pixel, pixel));
  };
  __m128i above = upperPixel(0);
  for (size_t i = Step; i < upper.bytes; i += Step) {
    const __m128i next = upperPixel(i);
    lowerPixel(i - Step, above);
    above = next;
  }
  lowerPixel(upper.bytes - Step, above);
}

template <int Step>
void averageRow(const FilteredRow& row) {
  const __m128i one = _mm_set1_epi8(1);
  __m128i left = _mm_setzero_si128();
  for (size_t i = 0; i < row.bytes; i += Step) {
    const __m128i above = load(row.above + i);
    // The instruction rounds up; PNG rounds down.
    const __m128i odd = _mm_and_si128(_mm_xor_si128(left, above), one);
    left = _mm_add_epi8(load(row.differences + i), _mm_sub_epi8(_mm_avg_epu8(left, above), odd));
    store<Step>(row, i, left);
  }
}

template <int Step>
void leftRow(const FilteredRow& row) {
  __m128i left = _mm_setzero_si128();
  for (size_t i = 0; i < row.bytes; i += Step) {
    left = _mm_add_epi8(load(row.differences + i), left);
    store<Step>(row, i, left);
  }
}

template <int Step>
bool colourRow(int filter, const FilteredRow& row) {
  if (filter == 1) leftRow<Step>(row);
  else if (filter == 3) averageRow<Step>(row);
  else paethRow<Step>(row);
  return true;
}

bool vectorised(int filter, const FilteredRow& row) {
  if (row.step == 3) return colourRow<3>(filter, row);
  if (row.step == 4) return colourRow<4>(filter, row);
  return false;
}

bool vectorised(const FilteredRow& upper, const FilteredRow& lower) {
  if (upper.step == 3) paethRows<3>(upper, lower);
  if (upper.step == 4) paethRows<4>(upper, lower);
  return upper.step >= 3;
}

#else

bool vectorised(int, const FilteredRow&) { return false; }
bool vectorised(const FilteredRow&, const FilteredRow&) { return false; }

#endif

template <typename Predict>
void predicted(const FilteredRow& row, bool looksUp, Predict predict) {
  if (row.step == 1) continueRow(row, looksUp, predict);
  else eachByte(row, predict);
}

}  // namespace

void unfilterRow(int filter, const FilteredRow& row) {
  if (filter == 0) {
    std::memcpy(row.output, row.differences, row.bytes);
  } else if (filter == 2) {
    up(row);
  } else if (filter < 0 || filter > 4) {
    throw std::runtime_error("unknown row filter " + std::to_string(filter));
  } else if (vectorised(filter, row)) {
    return;
  } else if (filter == 1) {
    predicted(row, false, [](int left, int, int) { return left; });
  } else if (filter == 3) {
    predicted(row, true, [](int left, int above, int) { return (left + above) / 2; });
  } else {
    predicted(row, true, paeth);
  }
}

void unfilterRows(const int (&filters)[2], const FilteredRow (&rows)[2]) {
  if (filters[0] == 4 && filters[1] == 4 && vectorised(rows[0], rows[1])) return;
  unfilterRow(filters[0], rows[0]);
  unfilterRow(filters[1], rows[1]);
}

}  // namespace coarsely
