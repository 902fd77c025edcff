// exchange_moves SHARDS PROCESSES BYTES: the messages and additions by which so many processes sum
// blocks of so many bytes in a step, as JSON: the very plan that training goes by.
#include "runtime/train/exchange.h"

#include <cstdio>
#include <cstdlib>
#include <set>
#include <vector>

namespace {

using namespace linnet::runtime::train;

// Levels of the lists of moves [kind, peer, begin, end]; kind: 0 add, 1 send, 2 receive, 3 copy.
void print_levels(const std::vector<std::vector<Move>>& levels) {
  for (size_t level = 0; level < levels.size(); ++level) {
    std::printf(level == 0 ? "[" : ",[");
    for (const Move& move : levels[level])
      std::printf("%s[%d,%lld,%lld,%lld]", &move == levels[level].data() ? "" : ",", move.kind,
                  static_cast<long long>(move.peer), static_cast<long long>(move.begin),
                  static_cast<long long>(move.end));
    std::printf("]");
  }
}

// Of a segment of so many bytes, for each process.
void print_plan(int64_t shards, int64_t processes, int64_t bytes) {
  for (int64_t rank = 0; rank < processes; ++rank) {
    const ExchangePlan plan(shards, processes, rank, bytes);
    std::printf("%s{\"up\":[", rank == 0 ? "" : ",");
    print_levels(plan.up);
    std::printf("],\"down\":[");
    print_levels(plan.down);
    std::printf("]}");
  }
}

}  // namespace

int main(int count, char** arguments) {
  const int64_t shards = count == 4 ? std::atoll(arguments[1]) : 0;
  const int64_t processes = count == 4 ? std::atoll(arguments[2]) : 0;
  const int64_t bytes = count == 4 ? std::atoll(arguments[3]) : 0;
  if (processes < 2 || shards < processes || bytes < kFlagBytes || bytes % kFlagBytes != 0) {
    std::fprintf(stderr,
                 "usage: exchange_moves SHARDS PROCESSES BYTES, with 2 processes or more, "
                 "as many shards, and BYTES a multiple of %d\n",
                 static_cast<int>(kFlagBytes));
    return 2;
  }
  const std::vector<int64_t> bounds = segment_bounds(bytes);
  std::printf("{\"shards\":[");
  for (int64_t rank = 0; rank < processes; ++rank)
    std::printf("%s%lld", rank == 0 ? "" : ",",
                static_cast<long long>(shard_run(shards, processes, rank).count()));
  std::printf("],\"bounds\":[");
  for (const int64_t& bound : bounds)
    std::printf("%s%lld", &bound == bounds.data() ? "" : ",", static_cast<long long>(bound));
  std::printf("],\"plans\":{");
  std::set<int64_t> sizes;
  for (size_t i = 1; i < bounds.size(); ++i) {
    const int64_t size = bounds[i] - bounds[i - 1];
    if (!sizes.insert(size).second) continue;
    std::printf("%s\"%lld\":[", sizes.size() == 1 ? "" : ",", static_cast<long long>(size));
    print_plan(shards, processes, size);
    std::printf("]");
  }
  std::printf("}}\n");
  return 0;
}
