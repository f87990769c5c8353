// Each pixel depends on the one to its left, so pixels are decoded one at a time: color images with all channels of a
// pixel in one register, label maps by whole words where labels repeat.
#include "images/unfilter.h"

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

uint64_t loadWord(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

void up(const FilteredRow& row) {
  for (size_t i = 0; i < row.bytes; ++i) row.output[i] = static_cast<uint8_t>(row.differences[i] + row.above[i]);
}

/// Decodes a row of one byte per pixel, mostly of label maps. Within a region of one label every filter repeats the
/// left pixel, so eight are written at a time.
template <typename Predict>
void continueRow(const FilteredRow& row, bool looksUp, Predict predict) {
  uint8_t left = 0, corner = 0;
  for (size_t i = 0; i < row.bytes;) {
    if (i + 8 <= row.bytes && loadWord(row.differences + i) == 0) {
      const uint64_t same = 0x0101010101010101u * left;
      if (!looksUp || (corner == left && loadWord(row.above + i) == same)) {
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

/// Decodes a row of several bytes per pixel without vector instructions.
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

// A pixel of three bytes is read and written as four, which is one instruction. The extra byte read is not used (it is
// readable, see FilteredRow), and the extra byte written is overwritten by the next pixel.
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

__m128i wide(__m128i bytes) {
  return _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
}

__m128i choose(__m128i mask, __m128i yes, __m128i no) {
  return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
}

__m128i magnitude(__m128i words) {
  return _mm_max_epi16(words, _mm_sub_epi16(_mm_setzero_si128(), words));
}

/// Holds the pixels to the left and above left that Paeth's filter needs, as 16-bit words.
struct Paeth {
  __m128i left = _mm_setzero_si128();
  __m128i corner = _mm_setzero_si128();

  __m128i next(__m128i difference, __m128i above) {
    const __m128i byLeft = _mm_sub_epi16(above, corner), byAbove = _mm_sub_epi16(left, corner);
    const __m128i toLeft = magnitude(byLeft), toAbove = magnitude(byAbove);
    const __m128i toCorner = magnitude(_mm_add_epi16(byLeft, byAbove));
    const __m128i least = _mm_min_epi16(toCorner, _mm_min_epi16(toLeft, toAbove));
    const __m128i nearest =
        choose(_mm_cmpeq_epi16(least, toLeft), left, choose(_mm_cmpeq_epi16(least, toAbove), above, corner));
    // Bytes wrap around in the low half of each word; the high halves stay zero.
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

/// Decodes two rows with Paeth's filter, the lower one a pixel behind. The two do not depend on each other, so the
/// processor overlaps them.
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
    // The instruction rounds up, PNG rounds down.
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
bool unfilterColorRow(int filter, const FilteredRow& row) {
  if (filter == 1) leftRow<Step>(row);
  else if (filter == 3) averageRow<Step>(row);
  else paethRow<Step>(row);
  return true;
}

bool unfilterVectorized(int filter, const FilteredRow& row) {
  if (row.step == 3) return unfilterColorRow<3>(filter, row);
  if (row.step == 4) return unfilterColorRow<4>(filter, row);
  return false;
}

bool unfilterVectorized(const FilteredRow& upper, const FilteredRow& lower) {
  if (upper.step == 3) paethRows<3>(upper, lower);
  if (upper.step == 4) paethRows<4>(upper, lower);
  return upper.step >= 3;
}

#else

bool unfilterVectorized(int, const FilteredRow&) {
  return false;
}
bool unfilterVectorized(const FilteredRow&, const FilteredRow&) {
  return false;
}

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
    throw std::runtime_error("expected a row filter from 0 to 4, received " + std::to_string(filter));
  } else if (unfilterVectorized(filter, row)) {
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
  if (filters[0] == 4 && filters[1] == 4 && unfilterVectorized(rows[0], rows[1])) return;
  unfilterRow(filters[0], rows[0]);
  unfilterRow(filters[1], rows[1]);
}

}  // namespace coarsely
