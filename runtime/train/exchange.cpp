// Plans the messages of a step's sums, and sends them.
#include "runtime/train/exchange.h"

#include "base/integers.h"
#include "base/memory.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace linnet::runtime::train {
namespace {

constexpr int64_t kMostMessage = int64_t{1} << 28;
constexpr int64_t kUnit = 64;
// Of the segments of a block.
constexpr int64_t kLeastSegment = 16384;
constexpr int64_t kMostSegment = 1 << 20;
constexpr int64_t kMostSegments = 128;

// The levels of the tree for one range of bytes: which block of a pair the sum is made in.
class Route {
public:
  // Levels below first_level are within processes. Bit i of `code` chooses at level
  // first_level + i: 1, the right one.
  Route(int64_t shards, int first_level, int64_t code) : first_level_(first_level) {
    chosen_.emplace_back(static_cast<size_t>(shards));
    for (int64_t i = 0; i < shards; ++i)
      chosen_[0][static_cast<size_t>(i)] = i;
    for (int level = 1; chosen_.back().size() > 1; ++level) {
      const auto& below = chosen_.back();
      std::vector<int64_t> sums;
      for (size_t i = 0; i < below.size(); i += 2) {
        const bool right = level >= first_level && (code >> (level - first_level) & 1) != 0;
        sums.push_back(i + 1 < below.size() && right ? below[i + 1] : below[i]);
      }
      chosen_.push_back(std::move(sums));
    }
  }
  [[nodiscard]] int first_level() const { return first_level_; }
  [[nodiscard]] int levels() const { return static_cast<int>(chosen_.size()) - 1; }
  [[nodiscard]] int64_t root() const { return chosen_.back()[0]; }
  // f(block of the sum, block added to it) for each pair of a level, from 1 on.
  template <class F> void pairs(int level, F f) const {
    const auto& below = chosen_[static_cast<size_t>(level) - 1];
    for (size_t i = 0; i + 1 < below.size(); i += 2) {
      const int64_t into = chosen_[static_cast<size_t>(level)][i / 2];
      f(into, into == below[i] ? below[i + 1] : below[i]);
    }
  }

private:
  int first_level_;
  std::vector<std::vector<int64_t>> chosen_;  // by level, of each node: the block it lies in
};

int64_t owner_of(int64_t shard, int64_t shards, int64_t processes) {
  int64_t rank = shard * processes / shards;
  while (shard >= shard_run(shards, processes, rank).end)
    ++rank;
  return rank;
}

// The first level at which a pair is of two processes; one behind the last where there is none.
int first_crossing(int64_t shards, int64_t processes) {
  int level = 1;
  for (int64_t stride = 1; stride < shards; stride *= 2, ++level) {
    for (int64_t i = 0; i + stride < shards; i += 2 * stride) {
      const int64_t last = std::min(i + 2 * stride, shards) - 1;
      if (owner_of(i, shards, processes) != owner_of(last, shards, processes)) return level;
    }
  }
  return level;
}

// Bits below 2^bits in the other order: ranges that choose alike at the first levels lie side by
// side.
int64_t reversed(int64_t value, int bits) {
  int64_t result = 0;
  for (int i = 0; i < bits; ++i)
    result |= (value >> i & 1) << (bits - 1 - i);
  return result;
}

// A message of neighbouring ranges is one.
void append(std::vector<Move>& moves, const Move& move) {
  for (Move& before : moves) {
    if (before.kind == move.kind && before.peer == move.peer && before.into == move.into &&
        before.from == move.from && before.end == move.begin &&
        move.end - before.begin <= kMostMessage) {
      before.end = move.end;
      return;
    }
  }
  moves.push_back(move);
}

struct Place {
  int64_t shards, processes, rank;
  [[nodiscard]] int64_t owner(int64_t shard) const { return owner_of(shard, shards, processes); }
};

// The moves of a range to the block that becomes its sum; `move` has the range.
void go_up(std::vector<std::vector<Move>>& levels, const Route& route, const Place& place,
           Move move) {
  levels.resize(static_cast<size_t>(route.levels()) + 1);
  for (int level = route.first_level(); level <= route.levels(); ++level) {
    route.pairs(level, [&](int64_t into, int64_t from) {
      const int64_t adds = place.owner(into), gives = place.owner(from);
      if (adds != place.rank && gives != place.rank) return;
      move.kind = adds != place.rank    ? Move::kSend
                  : gives != place.rank ? Move::kReceive
                                        : Move::kAdd;
      move.peer = move.kind == Move::kAdd ? -1 : adds == place.rank ? gives : adds;
      move.into = into;
      move.from = from;
      append(levels[static_cast<size_t>(level)], move);
    });
  }
}

// And from there to the first block of every process, along the same pairs.
void go_down(std::vector<std::vector<Move>>& levels, const Route& route, const Place& place,
             Move move) {
  levels.resize(static_cast<size_t>(route.levels()) + 2);
  const int64_t root = place.owner(route.root());
  const int64_t first = shard_run(place.shards, place.processes, place.rank).first;
  move.into = first;
  move.from = route.root();
  if (root == place.rank && move.from != first) {
    move.kind = Move::kCopy;
    append(levels[0], move);
  }
  move.from = first;
  std::vector<bool> has(static_cast<size_t>(place.processes));
  has[static_cast<size_t>(root)] = true;
  for (int level = route.levels(); level >= route.first_level(); --level) {
    route.pairs(level, [&](int64_t into, int64_t from) {
      const int64_t gives = place.owner(into), takes = place.owner(from);
      if (has[static_cast<size_t>(takes)]) return;
      has[static_cast<size_t>(takes)] = true;
      if (gives != place.rank && takes != place.rank) return;
      move.kind = gives == place.rank ? Move::kSend : Move::kReceive;
      move.peer = gives == place.rank ? takes : gives;
      append(levels[static_cast<size_t>(route.levels() - level + 1)], move);
    });
  }
}

}  // namespace

ShardRun shard_run(int64_t shards, int64_t processes, int64_t rank) {
  return {shards * rank / processes, shards * (rank + 1) / processes};
}

ExchangePlan::ExchangePlan(int64_t shards, int64_t processes, int64_t rank, int64_t bytes,
                           int64_t least_range) {
  const int first_level = first_crossing(shards, processes);
  int bits = 0;
  while (int64_t{1} << bits < processes && bytes >> (bits + 1) >= least_range)
    ++bits;
  while (bytes >> bits > kMostMessage)
    ++bits;
  const int64_t ranges = int64_t{1} << bits;
  for (int64_t range = 0; range < ranges; ++range) {
    const Route route(shards, first_level, reversed(range, bits));
    Move move;
    move.begin = bytes / kUnit * range / ranges * kUnit;
    move.end = bytes / kUnit * (range + 1) / ranges * kUnit;
    go_up(up, route, {shards, processes, rank}, move);
    go_down(down, route, {shards, processes, rank}, move);
  }
  for (auto& moves : up) {
    int64_t used = 0;
    for (Move& move : moves) {
      if (move.kind != Move::kReceive) continue;
      move.scratch = used;
      used += move.end - move.begin;
    }
    scratch_bytes = std::max(scratch_bytes, used);
  }
}

std::vector<int64_t> segment_bounds(int64_t block_bytes) {
  const int64_t most = std::max(kMostSegment, round_up(block_bytes / kMostSegments, kUnit));
  std::vector<int64_t> bounds{0};
  for (int64_t size = kLeastSegment; block_bytes - bounds.back() >= 2 * size;
       size = std::clamp(bounds.back(), size, most))
    bounds.push_back(bounds.back() + size);
  bounds.push_back(block_bytes);
  return bounds;
}

Exchange::Exchange(const Processes& processes, const Threads& threads, int64_t shards,
                   const ShardBlocks& blocks, int64_t first_tag)
    : processes_(processes), threads_(threads), blocks_(blocks),
      run_(shard_run(shards, processes.count(), processes.rank())) {
  local_strides_ = int64_t{1} << (first_crossing(shards, processes.count()) - 1);
  const std::vector<int64_t> bounds = segment_bounds(blocks.bytes);
  for (size_t i = 0; i + 1 < bounds.size(); ++i)
    segments_.push_back(segment(shards, bounds[i], bounds[i + 1]));
  for (size_t i = 0; i < segments_.size(); ++i)
    segments_[i].tag = first_tag + static_cast<int64_t>(i);
  left_ = segments_.size();
}

Exchange::Segment Exchange::segment(int64_t shards, int64_t begin, int64_t end) const {
  ExchangePlan plan(shards, processes_.count(), processes_.rank(), end - begin);
  Segment made;
  made.begin = begin;
  made.end = end;
  made.up_levels = plan.up.size();
  made.levels = std::move(plan.up);
  std::ranges::move(plan.down, std::back_inserter(made.levels));
  made.memory.resize(static_cast<size_t>(plan.scratch_bytes + kAlign));
  const auto address = static_cast<int64_t>(reinterpret_cast<uintptr_t>(made.memory.data()));
  made.scratch = made.memory.data() + (round_up(address, kAlign) - address);
  for (auto& moves : made.levels) {
    for (Move& move : moves) {
      move.begin += begin;
      move.end += begin;
    }
  }
  return made;
}

// Numbers are added; of the flags, the most stay.
void Exchange::add(uint8_t* into, const uint8_t* from, const Move& move) const {
  const int64_t skipped = std::max(kFlagBytes - move.begin, int64_t{0});
  struct Job {
    DType dtype;
    uint8_t* into;
    const uint8_t* from;
    int64_t bytes;
  } job{blocks_.dtype, into + skipped, from + skipped, move.end - move.begin - skipped};
  threads_.each(
      ceil_div(job.bytes, kTileBytes),
      [](void* of, int64_t tile) {
        const Job& told = *static_cast<Job*>(of);
        const int64_t at = tile * kTileBytes;
        add_numbers(told.dtype, told.into + at, told.from + at,
                    std::min(kTileBytes, told.bytes - at));
      },
      &job);
  if (skipped == 0) return;
  ShardFlags mine, other;
  std::memcpy(&mine, into, sizeof mine);
  std::memcpy(&other, from, sizeof other);
  mine = {std::max(mine.status, other.status), std::max(mine.signal, other.signal)};
  std::memcpy(into, &mine, sizeof mine);
}

void Exchange::add_own_levels(int64_t begin, int64_t end) const {
  if (local_strides_ == 1) return;
  struct Job {
    const Exchange* self;
    int64_t begin, end;
  } job{this, std::max(begin, kFlagBytes), end};
  threads_.each(
      ceil_div(job.end - job.begin, kTileBytes),
      [](void* of, int64_t tile) {
        const Job& told = *static_cast<Job*>(of);
        const int64_t at = told.begin + tile * kTileBytes;
        add_levels(told.self->blocks_, 1, told.self->local_strides_, at,
                   std::min(told.end, at + kTileBytes));
      },
      &job);
}

void Exchange::post(Segment& segment) {
  const bool up = segment.level < segment.up_levels;
  for (const Move& m : segment.levels[segment.level]) {
    const int64_t bytes = m.end - m.begin;
    if (m.kind == Move::kReceive) {
      uint8_t* to = up ? segment.scratch + m.scratch : at(m.into, m.begin);
      segment.waiting.emplace_back(processes_.receive(to, bytes, m.peer, segment.tag), &m);
    } else if (m.kind == Move::kSend) {
      segment.waiting.emplace_back(processes_.send(at(m.from, m.begin), bytes, m.peer, segment.tag),
                                   &m);
    } else if (m.kind == Move::kCopy) {
      std::memcpy(at(m.into, m.begin), at(m.from, m.begin), static_cast<size_t>(bytes));
    } else {
      add(at(m.into, m.begin), at(m.from, m.begin), m);
    }
  }
}

bool Exchange::advance(Segment& segment) {
  for (; segment.level < segment.levels.size(); ++segment.level, segment.posted = false) {
    if (!segment.posted) post(segment);
    segment.posted = true;
    std::erase_if(segment.waiting, [&](const auto& message) {
      if (!processes_.passed(message.first)) return false;
      const Move& m = *message.second;
      if (m.kind == Move::kReceive && segment.level < segment.up_levels)
        add(at(m.into, m.begin), segment.scratch + m.scratch, m);
      return true;
    });
    if (!segment.waiting.empty()) return false;
  }
  return true;
}

void Exchange::finished(int64_t from) {
  for (; left_ > 1 && segments_[left_ - 1].begin >= from; --left_)
    add_own_levels(segments_[left_ - 1].begin, segments_[left_ - 1].end);
  for (size_t i = left_; i < segments_.size(); ++i)
    advance(segments_[i]);
}

void Exchange::finish(const ShardFlags& mine, ShardFlags& all) {
  for (int64_t i = run_.first; i < run_.end; ++i)
    std::memcpy(at(i, 0), &mine, sizeof mine);
  add_own_levels(0, segments_[left_ - 1].end);
  left_ = 0;
  Patience patience;
  for (bool done = false; !done; patience.looked_in_vain()) {
    done = true;
    for (size_t i = segments_.size(); i-- > 0;)
      done &= advance(segments_[i]);
  }
  for (Segment& segment : segments_)
    segment.level = 0;
  left_ = segments_.size();
  std::memcpy(&all, at(run_.first, 0), sizeof all);
}

}  // namespace linnet::runtime::train
