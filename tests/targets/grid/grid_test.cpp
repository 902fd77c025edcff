// Kernels, ops, models, streams and calls on every target, against the evaluator and this machine's
// bits. Each test leaves its count and hashes in build/targets/, of which the last makes the
// tables.
#include "tests/targets/grid/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

namespace linnet::grid {
namespace {

const std::string kResults = LINNET_BINARY_DIR "/targets/";
const std::vector<std::string> kColumns = {"kernels", "ops", "models", "streams", "calls"};

const std::vector<Place>& places() {
  static const std::vector<Place> kPlaces = {
      {"x86-64-v3", Place::kLinux, "x86-64-v3"},   {"x86-64-v2", Place::kLinux, "x86-64-v2"},
      {"aarch64", Place::kLinux, "aarch64"},       {"riscv64", Place::kLinux, "riscv64"},
      {"riscv64-v", Place::kLinux, "riscv64-v"},   {"wasm32", Place::kNode, ""},
      {"wasm32-simd128", Place::kNode, ""},        {"cortex-m4", Place::kBoard, "cortex-m4"},
      {"cortex-m33", Place::kBoard, "cortex-m33"}, {"cortex-m55", Place::kBoard, "cortex-m55"}};
  return kPlaces;
}

const Place& place(const std::string& target) {
  return *std::ranges::find(places(), target, &Place::target);
}

// What does not run, by target, column and case, and why: all of it, and nothing else.
struct Exception {
  std::string target, column, name, why;
};
const std::vector<Exception>& exceptions() {
  // qemu 7.2, translate.c, decode_save_opc; whatever the length of vectors.
  static const std::string kQemu = "an assertion of qemu's ends it at a conversion of vectors";
  static const std::string kMemory = "its weights are more than the board has memory for";
  static const std::vector<Exception> kExceptions = {
      {"cortex-m4", "models", "squeezenet", kMemory},
      {"cortex-m4", "models", "mobilenet_v2", kMemory},
      {"cortex-m33", "models", "squeezenet", kMemory},
      {"cortex-m33", "models", "mobilenet_v2", kMemory},
      {"cortex-m55", "models", "squeezenet", kMemory},
      {"cortex-m55", "models", "mobilenet_v2", kMemory},
      {"riscv64-v", "kernels", "trial 3 normalize{lanes=8, kept=1}", kQemu},
      {"riscv64-v", "kernels", "trial 2 generic{}", kQemu},
      {"riscv64-v", "ops", "cast.lir, case 1", kQemu},
      {"riscv64-v", "models", "lenet_classic", kQemu},
      {"riscv64-v", "calls", "lenet_classic", kQemu}};
  return kExceptions;
}

void save(const std::string& name, const std::string& text) {
  std::filesystem::create_directories(kResults);
  std::ofstream(kResults + name) << text;
}

std::string load(const std::string& name) {
  std::ifstream file(kResults + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Grid : public testing::TestWithParam<Place> {
protected:
  // Runs the cases and compares what fails with what is known to.
  void expect_right(const std::string& column, std::vector<Case> cases) {
    const Place& place = GetParam();
    ASSERT_FALSE(cases.empty());
    std::vector<std::string> failed, expected;
    std::vector<Case> fitting;
    for (Case& one : cases) {
      const bool fits = one.memory() <= place.memory() && one.code() <= place.code();
      if (fits)
        fitting.push_back(std::move(one));
      else
        failed.push_back(one.name);
    }
    const auto faults = run(place, fitting, kResults + place.target + "." + column + ".d");
    size_t passed = 0;
    for (size_t i = 0; i < fitting.size(); ++i) {
      if (faults[i].empty()) {
        ++passed;
        continue;
      }
      failed.push_back(fitting[i].name);
      const bool known = std::ranges::any_of(exceptions(), [&](const Exception& e) {
        return e.target == place.target && e.column == column && e.name == fitting[i].name;
      });
      if (!known) fmt::print("{} {}, {}: {}\n", place.target, column, fitting[i].name, faults[i]);
    }
    for (const Exception& e : exceptions()) {
      if (e.target == place.target && e.column == column) expected.push_back(e.name);
    }
    EXPECT_THAT(failed, testing::UnorderedElementsAreArray(expected));
    const std::string count = fmt::format("{}/{}", passed, cases.size());
    fmt::print("{} {}: {}\n", place.target, column, count);
    save(place.target + "." + column, count);
  }
  [[nodiscard]] codegen::Target target() const { return target_of(GetParam().target); }
};

TEST_P(Grid, Kernels) {
  expect_right("kernels", kernel_cases(target(), 30));
}

TEST_P(Grid, Ops) {
  expect_right("ops", op_cases(target(), 1));
}

TEST_P(Grid, Models) {
  std::vector<Case> cases;
  for (const Network& network : std::vector<Network>{{"lenet", "lenet.safetensors"},
                                                     {"lenet_classic"},
                                                     {"mlp", "mlp.safetensors"},
                                                     {"mnist"},
                                                     {"ar"},
                                                     {"ar_mlp"},
                                                     {"arx"},
                                                     {"block20"},
                                                     {"corr2d"},
                                                     {"ds_cnn"},
                                                     {"squeezenet"},
                                                     {"mobilenet_v2"}})
    cases.push_back(model_case(network, target()));
  expect_right("models", std::move(cases));
}

TEST_P(Grid, Streams) {
  std::vector<Case> cases;
  for (const char* name : {"ar", "ar_mlp", "latent_ar", "latent_ar_lstm"})
    cases.push_back(stream_case({name}, target()));
  expect_right("streams", std::move(cases));
}

TEST_P(Grid, Calls) {
  std::vector<Case> cases;
  for (const Network& network : std::vector<Network>{
           {"lenet", "lenet.safetensors"}, {"lenet_classic"}, {"mlp", "mlp.safetensors"}, {"ar"}})
    cases.push_back(call_case(network, target()));
  expect_right("calls", std::move(cases));
}

// LeNet, a GRU and an MLP with one order of sums.
TEST_P(Grid, Hashes) {
  const codegen::Target own = target();
  std::vector<Case> cases = {
      model_case({"lenet", "lenet.safetensors"},
                 target_of(GetParam().target, "aarch64", !own.info.fma)),
      stream_case({"latent_ar"}, target_of(GetParam().target, "aarch64", !own.info.fma)),
      model_case({"mlp", "mlp.safetensors"},
                 target_of(GetParam().target, "aarch64", !own.info.fma))};
  std::vector<std::string> hashes(cases.size());
  for (size_t i = 0; i < cases.size(); ++i) {
    cases[i].fault = [judge = cases[i].fault, &to = hashes[i]](const Answer& answer) {
      to = hash(answer.regions.front());
      return judge(answer);
    };
  }
  const auto faults = run(GetParam(), cases, kResults + GetParam().target + ".hashes.d");
  EXPECT_THAT(faults, testing::Each(""));
  save(GetParam().target + ".hashes", fmt::format("{}", fmt::join(hashes, " ")));
}

std::string test_name(const testing::TestParamInfo<Place>& info) {
  std::string name = info.param.target;
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Targets, Grid, testing::ValuesIn(places()), test_name);

// Some ops where `make test` has the time.
class Sample : public Grid {};
TEST_P(Sample, Ops) {
  expect_right("sample", op_cases(target(), 16));
}
INSTANTIATE_TEST_SUITE_P(Targets, Sample,
                         testing::Values(place("aarch64"), place("wasm32-simd128")), test_name);

TEST(Table, OfAll) {
  fmt::print("\n{:<16}", "target");
  for (const std::string& column : kColumns)
    fmt::print("{:>10}", column);
  fmt::print("\n");
  for (const Place& place : places()) {
    fmt::print("{:<16}", place.target);
    for (const std::string& column : kColumns) {
      const std::string count = load(place.target + "." + column);
      EXPECT_NE(count, "") << place.target << " " << column << " was not run";
      fmt::print("{:>10}", count);
    }
    fmt::print("\n");
  }
  fmt::print("\n{:<16}{:>18}{:>18}{:>18}\n", "hashes of", "lenet", "gru", "mlp");
  for (const Place& place : places())
    fmt::print("{:<16}  {}\n", place.target, load(place.target + ".hashes"));
  for (const Exception& e : exceptions())
    fmt::print("not on {}: {} {}: {}\n", e.target, e.column, e.name, e.why);
}

}  // namespace
}  // namespace linnet::grid
