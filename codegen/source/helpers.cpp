// Texts of helper functions; `@` stands for the model's name, `#` for a type's short name.
#include "codegen/source/helpers.h"

#include "base/philox.h"
#include "support/check.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <set>
#include <vector>

namespace linnet::codegen::source {
namespace {

struct Helper {
  std::string_view name, text;
};

// In each of the types that the model's numbers have.
constexpr std::array kOfFloats = std::to_array<Helper>({
    {"max_#", R"(/* NaN from either side is kept; of equal values the first is taken. */
static T @_max_#(T a, T b) {
  return b > a || b != b ? b : a;
}
)"},
    {"min_#", R"(/* NaN from either side is kept; of equal values the first is taken. */
static T @_min_#(T a, T b) {
  return b < a || b != b ? b : a;
}
)"},
    {"pow2_#", R"(/* 2^n, a normal number, for a whole n. */
static T @_pow2_#(T n) {
  const U bits = (U)((I)n + BIAS) << MANTISSA;
  T y;
  memcpy(&y, &bits, sizeof y);
  return y;
}
)"},
    {"steps_#", R"(/* n of x = m 2^n with m in [sqrt(1/2), sqrt(2)), x normal and above 0. */
static I @_steps_#(T x) {
  const T root = ROOT;
  I bits, from;
  memcpy(&bits, &x, sizeof bits);
  memcpy(&from, &root, sizeof from);
  bits -= from;
  return bits >= 0 ? bits / UNIT : -((UNIT - 1 - bits) / UNIT);
}
)"},
    {"exponent_#", R"(static T @_exponent_#(T x) {
  return (T)@_steps_#(x);
}
)"},
    {"mantissa_#", R"(static T @_mantissa_#(T x) {
  I bits;
  T y;
  memcpy(&bits, &x, sizeof bits);
  bits -= @_steps_#(x) * UNIT;
  memcpy(&y, &bits, sizeof y);
  return y;
}
)"},
});

constexpr std::array kOfIntegers = std::to_array<Helper>({
    {"max_#", R"(static T @_max_#(T a, T b) {
  return b > a ? b : a;
}
)"},
    {"min_#", R"(static T @_min_#(T a, T b) {
  return b < a ? b : a;
}
)"},
    {"quotient_#", R"(/* Toward zero; x / 0 is 0, and the least value over -1 wraps to itself. */
static T @_quotient_#(T a, T b) {
  if (b == 0) return 0;
  return SIGNED && b == (T)-1 ? (T)(0 - (U)a) : (T)(a / b);
}
)"},
    // 1u: bytes are promoted to int, which may have 16 bits.
    {"power_#", R"(/* By squaring; a negative exponent gives 0 but for bases 1 and -1. */
static T @_power_#(T base, T exponent) {
  U power = 1, square = (U)base, rest = (U)exponent;
  if (SIGNED && exponent < 1 && exponent != 0)
    return base == 1 ? 1 : base == (T)-1 ? (rest & 1u ? (T)-1 : 1) : 0;
  for (; rest != 0; rest = (U)(rest >> 1)) {
    if (rest & 1u) power = (U)(1u * power * square);
    square = (U)(1u * square * square);
  }
  return (T)power;
}
)"},
});

constexpr std::array kOthers = std::to_array<Helper>({
    {"place", R"(/* Where an index points: from the end if it is negative, and never outside. */
static int32_t @_place(int64_t index, int32_t size) {
  if (index < 0) index += size;
  return (int32_t)(index < 0 ? 0 : index >= size ? size - 1 : index);
}
)"},
    {"nearest", R"(static int32_t @_nearest(int32_t at, int32_t last) {
  return at < 0 ? 0 : at > last ? last : at;
}
)"},
    {"reflected", R"(static int32_t @_reflected(int32_t at, int32_t last) {
  const int32_t inside = at < 0 ? -at : at;
  const int32_t back = inside > last ? 2 * last - inside : inside;
  return back < 0 ? 0 : back;
}
)"},
    {"ceil_div_i32", R"(/* ceil(a / b), 0 for a below 0. */
static int32_t @_ceil_div_i32(int32_t a, int32_t b) {
  return a <= 0 ? 0 : (a + b - 1) / b;
}
)"},
    {"to_i64", R"(/* Toward zero; NaN gives 0, what is too large the nearest. */
static int64_t @_to_i64(double x) {
  if (x != x) return 0;
  if (x >= 9223372036854775808.0) return INT64_MAX;
  return x < -9223372036854775808.0 ? INT64_MIN : (int64_t)x;
}
)"},
    {"from_f16", R"(/* The number whose half-precision bits these are. */
static float @_from_f16(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
  const uint32_t exponent = (uint32_t)(half >> 10) & 31u;
  const uint32_t mantissa = (uint32_t)(half & 0x3ffu);
  uint32_t bits = sign | (exponent + 112u) << 23 | mantissa << 13;
  float x;
  if (exponent == 31u) bits = sign | 0x7f800000u | mantissa << 13;
  if (exponent == 0u) {
    const float y = (float)mantissa * 0x1p-24f;
    memcpy(&bits, &y, sizeof bits);
    bits |= sign;
  }
  memcpy(&x, &bits, sizeof x);
  return x;
}
)"},
    {"to_f16", R"(/* The nearest half-precision number's bits, ties to even. */
static uint16_t @_to_f16(float x) {
  uint32_t bits, sign, magnitude, dropped, half;
  memcpy(&bits, &x, sizeof bits);
  sign = bits >> 16 & 0x8000u;
  magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
  if (magnitude < 0x38800000u) { /* below the least normal number: whole steps of 2^-24 */
    const float steps = nearbyintf(fabsf(x) * 0x1p24f);
    return (uint16_t)(sign | (uint32_t)steps);
  }
  half = (magnitude - 0x38000000u) >> 13;
  dropped = magnitude & 0x1fffu;
  if (dropped > 0x1000u || (dropped == 0x1000u && (half & 1u) != 0u)) ++half;
  return (uint16_t)(sign | half);
}
)"},
    {"from_bf16", R"(static float @_from_bf16(uint16_t upper) {
  const uint32_t bits = (uint32_t)upper << 16;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
)"},
    {"to_bf16", R"(/* The upper half of its bits, to nearest, ties to even. */
static uint16_t @_to_bf16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (x != x) return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}
)"},
    {"philox", R"(/* Philox4x32-10: a word of 32 random bits for each element. */
static uint32_t @_philox(int64_t seed, int64_t stream, int64_t step, uint32_t block, int32_t lane) {
  uint32_t key0 = (uint32_t)((uint64_t)seed & 0xffffffffu), key1 = (uint32_t)((uint64_t)seed >> 32);
  uint32_t c[4];
  int round;
  c[0] = block;
  c[1] = (uint32_t)stream;
  c[2] = (uint32_t)((uint64_t)step & 0xffffffffu);
  c[3] = (uint32_t)((uint64_t)step >> 32);
  for (round = 0; round < 10; ++round) {
    const uint64_t product0 = (uint64_t)M0 * c[0];
    const uint64_t product1 = (uint64_t)M1 * c[2];
    c[0] = (uint32_t)(product1 >> 32) ^ c[1] ^ key0;
    c[1] = (uint32_t)(product1 & 0xffffffffu);
    c[2] = (uint32_t)(product0 >> 32) ^ c[3] ^ key1;
    c[3] = (uint32_t)(product0 & 0xffffffffu);
    key0 += W0;
    key1 += W1;
  }
  return c[lane];
}
)"},
    {"uniform_f32",
     R"(static float @_uniform_f32(int64_t seed, int64_t stream, int64_t step, int32_t element) {
  const uint32_t word = @_philox(seed, stream, step, (uint32_t)(element / 4), element % 4);
  return (float)(word >> 8) * 0x1p-24f;
}
)"},
    {"uniform_f64",
     R"(static double @_uniform_f64(int64_t seed, int64_t stream, int64_t step, int32_t element) {
  const uint32_t block = (uint32_t)(element / 4);
  const uint64_t high = @_philox(seed, stream, step, block, element % 4);
  const uint64_t low = @_philox(seed, stream, step, block | LOW, element % 4);
  return (double)((high << 32 | low) >> 11) * 0x1p-53;
}
)"},
});

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// A word of its own.
std::string with_word(std::string text, std::string_view from, std::string_view to) {
  const auto part_of_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;) {
    const size_t end = at + from.size();
    const bool alone = (at == 0 || !part_of_word(text[at - 1])) &&
                       (end == text.size() || !part_of_word(text[end]));
    if (alone) text.replace(at, from.size(), to);
    at += alone ? to.size() : 1;
  }
  return text;
}

std::string of_type(std::string text, CType type) {
  const bool wide = type == CType::kF64 || type == CType::kI64;
  const bool narrow = type == CType::kI8 || type == CType::kU8;
  text = replaced(std::move(text), "#", suffix(type));
  text = with_word(std::move(text), "T", c_name(type));
  text = with_word(std::move(text), "I", wide ? "int64_t" : "int32_t");
  text = with_word(std::move(text), "U", wide ? "uint64_t" : narrow ? "uint8_t" : "uint32_t");
  text = with_word(std::move(text), "BIAS", wide ? "1023" : "127");
  text = with_word(std::move(text), "MANTISSA", wide ? "52" : "23");
  text = with_word(std::move(text), "UNIT", wide ? "INT64_C(4503599627370496)" : "8388608");
  text = with_word(std::move(text), "ROOT",
                   number_text(type, is_floating(type) && !wide ? 0.70710678118654752440F
                                                                : 0.70710678118654752440));
  return with_word(std::move(text), "SIGNED", type == CType::kU8 ? "0" : "1");
}

std::string known_text(const std::string& name) {
  for (const Helper& helper : kOthers) {
    if (helper.name != name) continue;
    std::string text =
        with_word(std::string(helper.text), "M0", fmt::format("{}u", kPhiloxMultiplier0));
    text = with_word(std::move(text), "M1", fmt::format("{}u", kPhiloxMultiplier1));
    text = with_word(std::move(text), "W0", fmt::format("{}u", kPhiloxWeyl0));
    text = with_word(std::move(text), "W1", fmt::format("{}u", kPhiloxWeyl1));
    return with_word(std::move(text), "LOW", fmt::format("{}u", kPhiloxLowWords));
  }
  for (const CType type : {CType::kF32, CType::kF64}) {
    for (const Helper& helper : kOfFloats) {
      if (replaced(std::string(helper.name), "#", suffix(type)) == name)
        return of_type(std::string(helper.text), type);
    }
  }
  for (const CType type : {CType::kI64, CType::kI32, CType::kI8, CType::kU8}) {
    for (const Helper& helper : kOfIntegers) {
      if (replaced(std::string(helper.name), "#", suffix(type)) == name)
        return of_type(std::string(helper.text), type);
    }
  }
  return "";
}

// Names of the helpers that a text calls.
Called calls_in(const std::string& text) {
  Called called;
  for (size_t at = 0; (at = text.find("@_", at)) != std::string::npos; at += 2)
    called.insert(text.substr(at + 2, text.find('(', at) - at - 2));
  return called;
}

}  // namespace

std::string helper_functions(const Called& called, const std::string& prefix) {
  std::string all;
  std::set<std::string> done;
  const std::function<void(const std::string&)> write = [&](const std::string& name) {
    if (name == "FMAF" || name == "FMA" || !done.insert(name).second) return;
    std::string text = known_text(name);
    if (!text.empty()) {
      for (const std::string& other : calls_in(text))
        write(other);
      all += replaced(text, "@", prefix) + "\n";
      return;
    }
    Called inner;
    text = elementary_function(name, prefix, inner);
    LINNET_CHECK(!text.empty(), "no helper function '" + name + "'");
    for (const std::string& other : inner) {
      if (other.starts_with(prefix + "_")) write(other.substr(prefix.size() + 1));
    }
    all += text + "\n";
  };
  for (const std::string& name : called) {
    if (name.starts_with(prefix + "_")) write(name.substr(prefix.size() + 1));
  }
  return all;
}

std::set<std::string> helper_names(const std::string& prefix) {
  std::set<std::string> names = {prefix + "_state_tag"};
  const auto add = [&](std::string_view name, CType type) {
    names.insert(prefix + "_" + replaced(std::string(name), "#", suffix(type)));
  };
  for (const Helper& helper : kOthers)
    add(helper.name, CType::kF32);
  for (const CType type : {CType::kF32, CType::kF64}) {
    for (const Helper& helper : kOfFloats)
      add(helper.name, type);
#define LINNET_ELEMENTARY(enumerator, name, operands, op) add(#name "_#", type);
#include "ir/scalar_ops.def"
  }
  for (const CType type : {CType::kI64, CType::kI32, CType::kI8, CType::kU8}) {
    for (const Helper& helper : kOfIntegers)
      add(helper.name, type);
  }
  return names;
}

}  // namespace linnet::codegen::source
