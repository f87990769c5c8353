#include "rank_sums.h"

#include <atomic>

namespace coarsely {

namespace {
std::atomic<SumOverRanks> current{nullptr};
}  // namespace

SumOverRanks sumOverRanks() { return current.load(); }

void setSumOverRanks(SumOverRanks sum) { current.store(sum); }

}  // namespace coarsely
