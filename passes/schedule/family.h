// What a kernel family is: a struct of its numbers, which groups it computes, which numbers are
// legal for a group, and which are best.
#pragma once

#include "base/integers.h"
#include "ir/graph.h"
#include "ir/op_def.h"
#include "passes/lib/family_options.h"
#include "passes/lib/target_info.h"

#include "support/check.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::passes {

// A group to be scheduled: its body, of each input the constant it is or null, the machine.
struct Candidate {
  const ir::Graph& body;
  std::vector<const ir::Node*> constant;
  const TargetInfo& target;
  const FamilyOptions& options = kAnyFamily;
  // Do its inputs lie as their types say? If not, row-major ones may have their channels innermost
  // in the end.
  bool laid_out = false;
};

// A number of a schedule: its name in the text form, where the struct S keeps it, and whether the
// registers hold as many (pixels of a tile) or what it counts comes one after the other.
template <class S> struct Key {
  enum Kind { kInRegisters, kInTurn };
  std::string_view name;
  int64_t S::* number;
  Kind kind = kInRegisters;
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
// and, where they differ from what is said here,
//   kOps = {}                               products, convolutions or pools the kernels are made
//                                           for: what it says of them is in the remark on one that
//                                           no family but generic takes
//   layouts(body) → layouts                 in which the kernel wants its inputs, by position; an
//                                           empty layout is row-major, which all are
//   kStores = Stores::kRows                 how it stores pictures
//   kReadsChannelsLast = false              does it read pictures with their channels innermost as
//                                           well as any other?
//   kWantsChannelsLast = false              so much better that a copy should store them so?
//   scratch(body) → bytes                   of the arena that the kernel works in, a multiple of 64
//   kRounding = 0                           not 0: it rounds more than the sum it stands for, and
//   on
//                                           the scale of the result's largest magnitude: by this
//                                           factor, which checks allow (docs/numerics.md)
//   kReadsHalo = false                      does its convolution read the zeros around a picture,
//                                           where memory has them, instead of padding it itself?
// fits and legal do not look at the machine: what they admit is right on any, if not fast.

// How a kernel stores pictures best: in rows, with their channels innermost, or as those lie that
// it reads.
enum class Stores { kRows, kChannelsLast, kAsRead };

// A row of the table: a struct's functions by the text form of its numbers.
struct Family {
  std::string_view name;  // by families.def
  std::vector<std::string_view> keys;
  std::vector<bool> in_registers;  // of each key
  std::vector<const ir::OpDef*> ops;
  // Why no kernel of the family computes the group, or "".
  std::string (*fits)(const ir::Graph& body);
  // Legal values of the key behind the schedule's parameters, which are the first of the keys.
  std::vector<int64_t> (*legal)(const ir::Graph& body, const ir::Schedule& before);
  // The numbers for a group it fits, or why the family does not want it.
  Choice<ir::Schedule> (*numbers)(const Candidate& group);
  // Layouts in which the kernel wants its inputs, by position; an empty layout is row-major.
  std::vector<ir::Layout> (*layouts)(const ir::Graph& body, const ir::Schedule& schedule);
  // Bytes of the arena that the kernel works in while it runs.
  int64_t (*scratch)(const ir::Graph& body, const ir::Schedule& schedule);
  Stores stores = Stores::kRows;
  bool reads_channels_last = false;
  bool wants_channels_last = false;
  bool reads_halo = false;
  int64_t rounding = 0;

  // The schedule for a group, or why the family does not want it.
  [[nodiscard]] Choice<ir::Schedule> choose(const Candidate& group) const;
};

// The numbers of a legal schedule.
template <class S> [[nodiscard]] S numbers(const ir::Schedule& schedule) {
  S result;
  for (const Key<S>& key : S::kKeys) {
    const int64_t value = schedule.get(key.name, -1);
    LINNET_CHECK(value >= 0, "a schedule without " + std::string(key.name));
    result.*key.number = value;
  }
  return result;
}

template <class S>
[[nodiscard]] ir::Schedule text_form(std::string_view family, const S& schedule) {
  ir::Schedule text{std::string(family), {}};
  for (const Key<S>& key : S::kKeys)
    text.parameters.emplace_back(key.name, schedule.*key.number);
  return text;
}

// The row of a struct; its name comes from the table.
template <class S> [[nodiscard]] Family family_of() {
  static_assert(S::kKeys.size() * sizeof(int64_t) == (S::kKeys.empty() ? 0 : sizeof(S)),
                "a number without a key");
  Family family;
  for (const Key<S>& key : S::kKeys) {
    family.keys.push_back(key.name);
    family.in_registers.push_back(key.kind == Key<S>::kInRegisters);
  }
  if constexpr (requires { S::kOps; }) family.ops.assign(S::kOps.begin(), S::kOps.end());
  family.fits = S::fits;
  family.legal = [](const ir::Graph& body, const ir::Schedule& before) {
    S schedule;
    const size_t key = before.parameters.size();
    if constexpr (!S::kKeys.empty()) {
      for (size_t i = 0; i < key; ++i)
        schedule.*S::kKeys[i].number = before.parameters[i].second;
    }
    return schedule.legal(body, key);
  };
  family.numbers = [](const Candidate& group) -> Choice<ir::Schedule> {
    Choice<S> choice = S::choose(group);
    if (!choice.schedule) return std::move(choice.why);
    return {text_form("", *choice.schedule), std::move(choice.why)};
  };
  family.layouts = [](const ir::Graph& body, const ir::Schedule& schedule) {
    if constexpr (requires(const S& s) { s.layouts(body); }) {
      return numbers<S>(schedule).layouts(body);
    } else {
      return std::vector<ir::Layout>(body.inputs.size());
    }
  };
  family.scratch = [](const ir::Graph& body, const ir::Schedule& schedule) -> int64_t {
    if constexpr (requires(const S& s) { s.scratch(body); }) {
      return numbers<S>(schedule).scratch(body);
    } else {
      return 0;
    }
  };
  if constexpr (requires { S::kStores; }) family.stores = S::kStores;
  if constexpr (requires { S::kReadsChannelsLast; })
    family.reads_channels_last = S::kReadsChannelsLast;
  if constexpr (requires { S::kWantsChannelsLast; })
    family.wants_channels_last = S::kWantsChannelsLast;
  if constexpr (requires { S::kRounding; }) family.rounding = S::kRounding;
  if constexpr (requires { S::kReadsHalo; }) family.reads_halo = S::kReadsHalo;
  return family;
}

// NAME_family(): each family's row, at the end of its file.
#define LINNET_FAMILY(name) [[nodiscard]] Family name##_family();
#include "passes/schedule/families.def"

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
