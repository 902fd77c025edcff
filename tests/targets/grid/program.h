// Many cases as one program for a target, run by its emulator: objects, memory, calls, answers.
#pragma once

#include "codegen/emit/compile.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace linnet::grid {

// Memory that calls take.
struct Region {
  std::vector<std::byte> bytes;  // what it holds at first
  size_t align = 64;             // and it lies at an odd multiple of it where it can
  bool answer = false;           // handed back after the calls
};

struct Argument {
  enum Kind : uint32_t { kRegion, kNumber } kind = kRegion;
  uint32_t value = 0;   // index of a region, or the number
  uint32_t offset = 0;  // bytes into the region
};

struct Call {
  std::string function;
  std::vector<Argument> arguments;
  bool returns = true;  // a status
};

struct Answer {
  std::vector<int32_t> statuses;                // of the calls, 0 of those that return none
  int32_t spoilt = -1;                          // a region around which the calls wrote
  std::vector<std::vector<std::byte>> regions;  // those that are answers
};

struct Case {
  std::string name;
  std::vector<std::vector<std::byte>> objects;
  std::vector<Region> regions;
  std::vector<Call> calls;
  std::function<std::string(const Answer&)> fault;  // what is wrong with an answer, or ""

  // Adds a region and gives the argument that points to it.
  Argument region(std::vector<std::byte> bytes, size_t align, bool answer = false);
  // Bytes of its objects, and of its regions with what is around them.
  [[nodiscard]] size_t code() const;
  [[nodiscard]] size_t memory() const;
};

// Where the programs of a target run.
struct Place {
  std::string target;  // of `linnet targets`
  enum Kind { kLinux, kBoard, kNode } kind = kLinux;
  std::string machine;  // of tests/targets/machines.h, but for node
  std::string like{};   // the target whose schedules are taken, or ""

  // Bytes for the objects of one program, and for the regions of one case.
  [[nodiscard]] size_t code() const { return kind == kBoard ? (3u << 19) : 1u << 30; }
  [[nodiscard]] size_t memory() const { return kind == kBoard ? 3u << 20 : 1u << 30; }
};

// By case, in order: what is wrong, or "". Links and runs in `folder`, in as many programs as the
// place has room for. A case that ends its program is at fault; those after it have another run.
[[nodiscard]] std::vector<std::string> run(const Place& place, const std::vector<Case>& cases,
                                           const std::string& folder);

}  // namespace linnet::grid
