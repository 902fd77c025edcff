// What a kernel family is: a struct of its numbers, which groups it computes, which numbers are
// legal for a group, and which are best.
#pragma once

#include "base/integers.h"
#include "ir/graph.h"
#include "passes/lib/target_info.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::passes {

// A group to be scheduled: its body, and which of its inputs are constants.
struct Candidate {
  const ir::Graph& body;
  std::vector<bool> constant;
  const TargetInfo& target;
};

// A number of a schedule: its name in the text form, and where the struct S keeps it.
template <class S> struct Key {
  std::string_view name;
  int64_t S::* number;
};

// The schedule and what speaks for its numbers ("20 of 24 accumulators"), or why the family does
// not want the group ("output channels 3 fill less than half a vector of 16").
template <class S> struct Choice {
  std::optional<S> schedule;
  std::string why;

  Choice(S chosen, std::string reason = "") : schedule(std::move(chosen)), why(std::move(reason)) {}
  Choice(std::string reason) : why(std::move(reason)) {}
};

// A family is a struct S of int64_t with
//   kKeys                                   one Key<S> for each number
//   fits(body) → text                       why no kernel of the family computes it, or ""
//   legal(body, key) → values               of number `key`, where those before it are as they are
//   choose(candidate) → Choice<S>           the best of the legal; asked only where it fits
//   layouts(body) → layouts                 in which the kernel wants its inputs, by position; an
//                                           empty layout is row-major
// fits and legal do not look at the machine: what they admit is right on any, if not fast.

// Accumulators of one tile: as many as the most registers of any target, whole vectors each.
inline constexpr int64_t kMostAccumulators = 32;

// What is modelled of a tile: the accumulators it fills, and the share of their work that counts,
// lane by lane, where a part of the last tile along each dimension is done in vain or twice.
struct TileCost {
  int64_t accumulators = 0;
  double useful = 1;

  // A dimension of `extent` elements in tiles of `tile`.
  void along(int64_t extent, int64_t tile) {
    const int64_t tiles = ceil_div(extent, tile);
    useful *= static_cast<double>(extent) / static_cast<double>(tiles * tile);
  }
};
// "20 of 24 accumulators, 88 % of their work counts"
[[nodiscard]] std::string to_string(const TileCost& cost, const TargetInfo& target);

// 1 … most, never none.
[[nodiscard]] std::vector<int64_t> up_to(int64_t most);
// The divisors of `of` that are at most `most`; 1 is always one.
[[nodiscard]] std::vector<int64_t> divisors(int64_t of, int64_t most);
// Elements of a vector, 4, 8 or 16, of those at most `most`.
[[nodiscard]] std::vector<int64_t> vector_lanes(int64_t most = 16);

}  // namespace linnet::passes
