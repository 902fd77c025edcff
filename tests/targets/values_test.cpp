// Zeros, infinities, NaNs, denormals and huge numbers through every function, on all machines.
#include "tests/targets/networks.h"

#include <gtest/gtest.h>

#include <sstream>

namespace linnet {
namespace {

// Prints for each operation of the model FNV-1a of its results, in which all NaNs are one.
// x, y and z: all pairs of special values; then numbers of all magnitudes; then sums in which
// the product cancels but for its rounding error, or is rounded to 0 beside +0.
constexpr const char* kValues = R"(
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "net.h"
#ifdef DOUBLE
typedef double Real; typedef uint64_t Bits;
enum { FRACTION = 52, BIAS = 1023 };
#else
typedef float Real; typedef uint32_t Bits;
enum { FRACTION = 23, BIAS = 127 };
#endif
#define ONE ((Bits)1)
#define INFINITE ((Bits)(2 * BIAS + 1) << FRACTION)
#define NUMBER(exponent) ((Bits)(BIAS + (exponent)) << FRACTION)
static const Bits kSpecial[] = {
  0, 1, 2, (ONE << FRACTION) - 1, ONE << FRACTION, NUMBER(-2), NUMBER(-1) - 1, NUMBER(-1),
  NUMBER(-1) + 1, NUMBER(0) - 1, NUMBER(0), NUMBER(0) + 1, NUMBER(0) | ONE << (FRACTION - 1),
  NUMBER(1), NUMBER(1) | ONE << (FRACTION - 2), NUMBER(6) | 12345, NUMBER(FRACTION - 1) | 1,
  NUMBER(FRACTION) | 1, NUMBER(31), NUMBER(62), NUMBER(63), NUMBER(BIAS - 1),
  INFINITE - 1, INFINITE, INFINITE | 1, INFINITE | ONE << (FRACTION - 1) | 77,
};
enum { SPECIAL = sizeof kSpecial / sizeof *kSpecial };
static uint64_t seed = 12345;
static uint32_t drawn(void) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(seed >> 32);
}
static Bits special(unsigned i) {
  return kSpecial[i % SPECIAL] | (Bits)(i / SPECIAL % 2) << (8 * sizeof(Bits) - 1);
}
static Bits any(void) {
  Bits bits = drawn();
  return (Bits)((uint64_t)bits << 32 ^ drawn());
}
static Bits magnitude(Bits bits) { return bits & (((Bits)1 << (8 * sizeof bits - 1)) - 1); }
static Real number(Bits bits) { Real value; memcpy(&value, &bits, sizeof value); return value; }
static _Alignas(64) unsigned char arena[NET_ARENA_BYTES + 1];
static Real x[N], y[N], z[N], out[OPS * N];
int main(void) {
  for (unsigned i = 0; i < N; ++i) {
    if (i < 2 * SPECIAL * 2 * SPECIAL) {
      x[i] = number(special(i));
      y[i] = number(special(i / (2 * SPECIAL)));
      z[i] = number(special(i * 7 + i / (2 * SPECIAL) * 5));
    } else {
      x[i] = number(any());
      y[i] = number(any());
      z[i] = number(any());
      if (i % 2) z[i] = -(x[i] * y[i]);
      if (i % 4 == 2) z[i] = 0;
    }
  }
  if (net_run(x, y, z, out, arena) != 0) return 1;
  for (int op = 0; op < OPS; ++op) {
    uint64_t hash = 1469598103934665603u;
    for (int i = 0; i < N; ++i) {
      Bits bits;
      memcpy(&bits, &out[op * N + i], sizeof bits);
      if (magnitude(bits) > INFINITE) bits = INFINITE + 1;
      hash = (hash ^ bits) * 1099511628211u;
    }
    printf("%08lx%08lx\n", (unsigned long)(hash >> 32), (unsigned long)(hash & 0xffffffffu));
  }
  return 0;
}
)";
constexpr int kCount = 4096;

struct Case {
  std::string name, lines;  // of text IR; TYPE is f32[N] or f64[N], BOOL bool[N]; the result is %r
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = [] {
    std::vector<Case> list;
    for (const std::string op :
         {"neg", "abs", "sqrt", "floor", "ceil", "round", "exp", "log", "tanh", "erf", "sin", "cos",
          "sigmoid", "relu", "sign", "gelu", "silu", "hard_sigmoid", "elu"})
      list.push_back({op, "%r: TYPE = " + op + "(%x)\n"});
    for (const std::string op : {"add", "sub", "mul", "div", "minimum", "maximum", "pow"})
      list.push_back({op, "%r: TYPE = " + op + "(%x, %y)\n"});
    for (const std::string op : {"lt", "le", "gt", "ge", "eq"})
      list.push_back({op, "%b: BOOL = " + op + "(%x, %y)\n%r: TYPE = where(%b, %x, %z)\n"});
    list.push_back({"is_nan", "%b: BOOL = is_nan(%x)\n%r: TYPE = where(%b, %y, %z)\n"});
    list.push_back({"fma", "%p: TYPE = mul(%x, %y)\n%r: TYPE = add(%p, %z)\n"});
    list.push_back({"fms", "%p: TYPE = mul(%x, %y)\n%r: TYPE = sub(%z, %p)\n"});
    for (const std::string to : {"i64", "i32", "i8", "u8"})
      list.push_back({"to_" + to, "%i: " + to + "[N] = cast(%x) {dtype = " + to +
                                      "}\n%r: TYPE = cast(%i) {dtype = REAL}\n"});
    return list;
  }();
  return kCases;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

// All cases side by side, their results one behind the other.
std::string model(const std::string& real) {
  const std::string count = std::to_string(kCount);
  const std::string type = real + "[" + count + "]";
  std::string text = "lir 1\n\nmodule values\n\ngraph @predict(%x: " + type + ", %y: " + type +
                     ", %z: " + type + ") {\n";
  std::string all;
  for (const Case& one : cases()) {
    std::istringstream lines(one.lines);
    for (std::string line; std::getline(lines, line);) {
      for (const char* value : {"%r", "%b", "%p", "%i"})
        line = replaced(line, value, std::string(value) + "_" + one.name);
      line = replaced(replaced(line, "TYPE", type), "BOOL", "bool[" + count + "]");
      text += "  " + replaced(replaced(line, "REAL", real), "[N]", "[" + count + "]") + "\n";
    }
    all += (all.empty() ? "%r_" : ", %r_") + one.name;
  }
  const std::string total = std::to_string(kCount * cases().size());
  return text + "  %out: " + real + "[" + total + "] = concat(" + all +
         ")\n  return out = %out\n}\n";
}

class Values : public OnMachines {
protected:
  std::vector<std::string> hashes(const Machine& m, const std::string& real) {
    std::istringstream text(printed(m, real + ".lir", m.same_bits,
                                    "-DN=" + std::to_string(kCount) +
                                        " -DOPS=" + std::to_string(cases().size()) +
                                        (real == "f64" ? " -DDOUBLE values.c" : " values.c")));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);)
      lines.push_back(line);
    return lines;
  }
  void expect_same(const std::string& real, const std::vector<Machine>& on) {
    write("values.c", kValues);
    write(real + ".lir", model(real));
    const std::vector<std::string> expected = hashes(machine("x86-64-v3"), real);
    ASSERT_EQ(expected.size(), cases().size());
    for (const Machine& m : on) {
      const std::vector<std::string> got = hashes(m, real);
      ASSERT_EQ(got.size(), expected.size()) << m.name;
      for (size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(got[i], expected[i]) << cases()[i].name << " of " << real << " on " << m.name;
    }
  }
};

TEST_F(Values, OfF32AreTheSameOnFirmware) {
  expect_same("f32", {machine("cortex-m4"), machine("cortex-m33"), machine("cortex-m55")});
}

// In software, fused multiply-adds too.
TEST_F(Values, OfF64AreTheSameOnFirmware) {
  expect_same("f64", {machine("cortex-m4")});
}

// Run by `make test-targets`.
class ValuesWhole : public Values {};

TEST_F(ValuesWhole, AreTheSameOnAllMachines) {
  std::vector<Machine> on;
  // An assertion of qemu 7.2's own ends riscv64-v at conversions (networks.cpp); tests/targets/grid
  // runs its ops one by one.
  for (const char* name :
       {"aarch64", "riscv64", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"})
    on.push_back(machine(name));
  expect_same("f32", on);
  expect_same("f64", on);
  // Of f64 --exact-fma is not exact next to the denormals.
  expect_same("f32", {machine("x86-64-v2")});
}

}  // namespace
}  // namespace linnet
