// Names of floating-point instructions on each architecture, taken apart.
#include "codegen/inspect/arithmetic.h"

#include "codegen/inspect/machine_code.h"

#include <array>
#include <charconv>
#include <string>

namespace linnet::codegen {
namespace {

constexpr int64_t kScalar = 32;

// A kind of instruction: operations of a lane, of which flops.
struct Kind {
  std::string_view stem;
  bool fma;
  int64_t flops, operations;
};

// By what their names begin with on x86-64, behind the v of AVX.
constexpr auto kX86 = std::to_array<Kind>({{"fmadd", true, 2, 2},
                                           {"fmsub", true, 2, 2},
                                           {"fnmadd", true, 2, 2},
                                           {"fnmsub", true, 2, 2},
                                           {"add", false, 1, 1},
                                           {"sub", false, 1, 1},
                                           {"mul", false, 1, 1},
                                           {"div", false, 1, 1},
                                           {"sqrt", false, 1, 1},
                                           {"max", false, 0, 1},
                                           {"min", false, 0, 1},
                                           {"cmp", false, 0, 1}});

// On Arm and RISC-V, behind the v of vectors.
constexpr auto kOther = std::to_array<Kind>(
    {{"fmla", true, 2, 2},   {"fmls", true, 2, 2},   {"fma", false, 0, 0},  // fmax is not fma
     {"fmacc", true, 2, 2},  {"fnmacc", true, 2, 2}, {"fmsac", true, 2, 2},  {"fnmsac", true, 2, 2},
     {"fmadd", true, 2, 2},  {"fmsub", true, 2, 2},  {"fnmadd", true, 2, 2}, {"fnmsub", true, 2, 2},
     {"fms", true, 2, 2},    {"fnma", true, 2, 2},   {"fnms", true, 2, 2},   {"fadd", false, 1, 1},
     {"add.f", false, 1, 1}, {"fsub", false, 1, 1},  {"sub.f", false, 1, 1}, {"fmul", false, 1, 1},
     {"mul.f", false, 1, 1}, {"fdiv", false, 1, 1},  {"div.f", false, 1, 1}, {"fsqrt", false, 1, 1},
     {"fmax", false, 0, 1},  {"fmin", false, 0, 1},  {"fcm", false, 0, 1}});

// The longest that fits.
template <size_t N> const Kind* kind_of(const std::array<Kind, N>& kinds, std::string_view name) {
  const Kind* found = nullptr;
  for (const Kind& kind : kinds) {
    if (name.starts_with(kind.stem) && (!found || kind.stem.size() > found->stem.size()))
      found = &kind;
  }
  return found;
}

Arithmetic of(const Kind& kind, int64_t lanes, int64_t bits) {
  return {kind.fma, kind.flops * lanes, kind.operations * lanes, bits};
}

int64_t x86_register_bits(std::string_view line) {
  if (line.find("%zmm") != line.npos) return 512;
  return line.find("%ymm") != line.npos ? 256 : 128;
}

Arithmetic x86(std::string_view name, std::string_view line) {
  if (name.starts_with('v')) name.remove_prefix(1);
  const Kind* kind = kind_of(kX86, name);
  if (!kind || name.size() < 2) return {};
  const std::string_view type = name.substr(name.size() - 2);
  const int64_t element = type.ends_with('d') ? 64 : 32;
  if (type == "ss" || type == "sd") return of(*kind, 1, element);
  if (type != "ps" && type != "pd") return {};
  const int64_t bits = x86_register_bits(line);
  return of(*kind, bits / element, bits);
}

// `v0.4s` of AArch64, of Apple `fmla.4s`: 4 lanes of 32 bits; nothing of a scalar.
std::pair<int64_t, int64_t> arm_lanes(std::string_view line) {
  const size_t dot = line.find('.');
  if (dot == line.npos)
    return {1, destination(line, Architecture::kAArch64).starts_with('d') ? 64 : kScalar};
  int64_t lanes = 0;
  const auto [end, fault] =
      std::from_chars(line.data() + dot + 1, line.data() + line.size(), lanes);
  if (fault != std::errc() || end == line.data() + line.size()) return {1, kScalar};
  return {lanes, lanes * (*end == 'd' ? 64 : *end == 's' ? 32 : 16)};
}

}  // namespace

Arithmetic arithmetic_of(std::string_view line, Architecture architecture, VectorLength length) {
  std::string_view name = mnemonic(line);
  if (architecture == Architecture::kX86) return x86(name, line);
  const bool vector = name.starts_with('v');
  if (vector) name.remove_prefix(1);
  const Kind* kind = kind_of(kOther, name);
  // Arm's multiply-add of 32 bits is vfma alone.
  constexpr Kind kFma{"fma", true, 2, 2};
  if (kind && kind->operations == 0) kind = name.starts_with("fma.") ? &kFma : nullptr;
  if (!kind) return {};
  if (architecture == Architecture::kAArch64) {
    const auto [lanes, bits] = arm_lanes(line);
    return of(*kind, lanes, bits);
  }
  if (architecture == Architecture::kRiscV && vector)
    return of(*kind, length.lanes, length.lanes * length.bits);
  const bool helium = architecture == Architecture::kArm && line.find('q') != line.npos;
  const bool f64 = name.find(".f64") != name.npos || name.ends_with(".d");
  return of(*kind, helium ? 4 : 1, helium ? 4 * kScalar : f64 ? 64 : kScalar);
}

std::string_view destination(std::string_view line, Architecture architecture) {
  constexpr std::string_view kBetween = " \t,";
  if (architecture == Architecture::kX86) {
    line = line.substr(0, line.find(" {"));  // a mask
    return line.substr(line.find_last_of(kBetween) + 1);
  }
  const size_t name = line.find(mnemonic(line)) + mnemonic(line).size();
  const size_t first = line.find_first_not_of(kBetween, name);
  return first == line.npos ? "" : line.substr(first, line.find_first_of(kBetween, first) - first);
}

std::optional<VectorLength> vector_length(std::string_view line) {
  if (mnemonic(line) != "vsetivli") return std::nullopt;
  const auto number_behind = [&](std::string_view mark) {
    const size_t at = line.find(mark);
    int64_t number = 0;
    if (at != line.npos)
      std::from_chars(line.data() + at + mark.size(), line.data() + line.size(), number);
    return number;
  };
  const VectorLength length{number_behind(", "), number_behind(", e")};
  if (length.lanes <= 0 || length.bits <= 0) return std::nullopt;
  return length;
}

}  // namespace linnet::codegen
