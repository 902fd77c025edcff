// Includes go one way: base <- {support <- ir <- {frontend, passes} <- codegen <- driver <-
// cli, runtime} <- api.
#include "tests/house/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <regex>
#include <set>

namespace linnet::house {
namespace {

struct Include {
  std::string header;  // as written, without quotes or brackets
  bool quoted = false;
};

std::optional<Include> include_of(const std::string& line) {
  static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
  std::smatch match;
  if (!std::regex_match(line, match, pattern)) return std::nullopt;
  return Include{match[2], match[1] == "\""};
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.find('/'));
}

// What each folder may include besides itself.
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"base", {}},
    {"runtime", {"base"}},
    {"support", {"base"}},
    {"ir", {"base", "support"}},
    {"frontend", {"base", "support", "ir"}},
    {"passes", {"base", "support", "ir"}},
    {"codegen", {"base", "support", "ir", "passes"}},
    {"driver", {"base", "support", "ir", "frontend", "passes", "codegen"}},
    // `linnet train`, `evaluate` and `run` do what products do, by the same code.
    {"cli", {"base", "support", "ir", "frontend", "passes", "codegen", "driver", "runtime"}},
    {"api", {"base", "cli"}},
};

// The rooms of a product: what each may include of runtime/ besides itself.
const std::map<std::string, std::set<std::string>> kRuntimeRooms = {
    {"runtime/data", {}},
    {"runtime/answers", {"runtime/data"}},
    {"runtime/run", {"runtime/data", "runtime/answers"}},
    {"runtime/train", {"runtime/data", "runtime/answers"}},
};

std::string room_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

bool is_halide(const std::string& header) {
  return header.starts_with("Halide");
}

bool is_llvm(const std::string& header) {
  return header.starts_with("llvm/") || header.starts_with("llvm-c/");
}

// One line for each include that `path` may not have; empty when all is well.
std::vector<std::string> wrong_includes(const SourceFile& file) {
  std::vector<std::string> wrong;
  const std::string folder = folder_of(file.path);
  for (size_t number = 1; number <= file.lines.size(); ++number) {
    const auto include = include_of(file.lines[number - 1]);
    if (!include) continue;
    const auto say = [&](const std::string& why) {
      wrong.push_back(file.path + ":" + std::to_string(number) + ": " + include->header + ": " +
                      why);
    };
    // Halide has an LLVM of its own inside: no file sees both.
    const bool lowers = file.path.starts_with("codegen/lower/");
    if (is_halide(include->header) && !lowers) say("only codegen/lower/ includes Halide");
    if (is_llvm(include->header) && (folder != "codegen" || lowers))
      say("only codegen/ includes LLVM, but for codegen/lower/");
    if (!include->quoted) continue;
    const std::string other = folder_of(include->header);
    if (!kMayInclude.contains(other)) {
      say("includes are written from the root of the repository");
    } else if (other != folder && !kMayInclude.at(folder).contains(other)) {
      say(folder + "/ may not include " + other + "/");
    } else if (const auto rooms = kRuntimeRooms.find(room_of(file.path));
               rooms != kRuntimeRooms.end() && other == folder) {
      const std::string room = room_of(include->header);
      if (room != rooms->first && !rooms->second.contains(room))
        say(rooms->first + "/ may not include " + room + "/");
    }
  }
  return wrong;
}

TEST(Includes, GoOneWay) {
  std::vector<std::string> wrong;
  size_t seen = 0;
  for (const auto& [folder, allowed] : kMayInclude) {
    for (const SourceFile& file : files_under(folder, {".h", ".cpp", ".c", ".inc"})) {
      ++seen;
      const auto more = wrong_includes(file);
      wrong.insert(wrong.end(), more.begin(), more.end());
    }
  }
  EXPECT_GT(seen, 0u);
  EXPECT_THAT(wrong, testing::IsEmpty());
}

// The test above can fail: each rule, broken once.
TEST(Includes, EachRuleIsNoticed) {
  const auto count = [](const std::string& path, const std::string& line) {
    return wrong_includes({path, {"#pragma once", line}}).size();
  };
  EXPECT_EQ(count("ir/graph.h", "#include \"support/diag.h\""), 0u);
  EXPECT_EQ(count("ir/graph.h", "#include \"passes/run/pass.h\""), 1u);
  EXPECT_EQ(count("passes/run/pass.h", "#include \"frontend/lin/ast.h\""), 1u);
  EXPECT_EQ(count("runtime/run/main.cpp", "#include \"support/text.h\""), 1u);
  EXPECT_EQ(count("runtime/run/main.cpp", "#include \"runtime/answers/answer.h\""), 0u);
  EXPECT_EQ(count("runtime/train/main.cpp", "#include \"runtime/run/model.h\""), 1u);
  EXPECT_EQ(count("runtime/data/ports.cpp", "#include \"runtime/answers/answer.h\""), 1u);
  EXPECT_EQ(count("base/initialize.cpp", "#include \"base/math.h\""), 0u);
  EXPECT_EQ(count("frontend/weights.cpp", "#include \"base/io/safetensors.h\""), 0u);
  EXPECT_EQ(count("codegen/emit/header.cpp", "#include \"base/abi/model.h\""), 0u);
  EXPECT_EQ(count("frontend/weights.cpp", "#include \"runtime/run/main.h\""), 1u);
  EXPECT_EQ(count("passes/pack.cpp", "  #  include <Halide.h>"), 1u);
  EXPECT_EQ(count("driver/compile.cpp", "#include \"codegen/emit/compile.h\""), 0u);
  EXPECT_EQ(count("driver/compile.cpp", "#include \"cli/session.h\""), 1u);
  EXPECT_EQ(count("codegen/emit/emit.cpp", "#include \"driver/host.h\""), 1u);
  EXPECT_EQ(count("driver/train.cpp", "#include \"runtime/train/loop.h\""), 1u);
  EXPECT_EQ(count("cli/run.cpp", "#include \"api/linnet.h\""), 1u);
  EXPECT_EQ(count("api/linnet.cpp", "#include \"cli/call.h\""), 0u);
  EXPECT_EQ(count("api/linnet.cpp", "#include \"driver/compile.h\""), 1u);
  EXPECT_EQ(count("cli/main.cpp", "#include <llvm/IR/Module.h>"), 1u);
  EXPECT_EQ(count("codegen/emit/emit.cpp", "#include <llvm/IR/Module.h>"), 0u);
  EXPECT_EQ(count("codegen/emit/emit.cpp", "#include <Halide.h>"), 1u);
  EXPECT_EQ(count("codegen/lower/lower.cpp", "#include <Halide.h>"), 0u);
  EXPECT_EQ(count("codegen/lower/lower.cpp", "#include <llvm/IR/Module.h>"), 1u);
  EXPECT_EQ(count("ir/ops/conv2d.cpp", "#include \"op_helpers.h\""), 1u);
}

// The run-time part stays small: no streams, no formatting library, nothing of the compiler's.
TEST(Includes, RuntimeStaysThin) {
  std::vector<std::string> wrong;
  std::vector<SourceFile> files = files_under("runtime", {".h", ".cpp", ".c"});
  std::ranges::move(files_under("base", {".h", ".cpp", ".c"}), std::back_inserter(files));
  for (const SourceFile& file : files) {
    for (const std::string& line : file.lines) {
      const auto include = include_of(line);
      if (!include) continue;
      static const std::set<std::string> kHeavy = {"iostream", "fstream", "sstream", "regex",
                                                   "format",   "locale",  "iomanip"};
      const std::string& header = include->header;
      if (kHeavy.contains(header) || header.starts_with("fmt/") || header.starts_with("CLI/") ||
          header.starts_with("nlohmann/") || header.starts_with("google/"))
        wrong.push_back(file.path + ": " + header);
    }
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

}  // namespace
}  // namespace linnet::house
