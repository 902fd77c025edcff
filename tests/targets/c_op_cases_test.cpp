// The cases of every op in tests/ops/ as one C file: its bits are those of the kernels in scalar
// order.
#include "base/io/file.h"
#include "base/memory.h"
#include "base/philox.h"
#include "codegen/source/c_source.h"
#include "ir/op_def.h"
#include "ir/read.h"
#include "passes/run/run_pipeline.h"
#include "tests/cli/command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <fmt/format.h>
#include <memory>

namespace linnet::codegen {
namespace {

struct Case {
  std::string name;  // "c12"
  ir::Module module;
  Compiled source;
};

// Bytes that begin at a multiple of 64.
class Bytes {
public:
  explicit Bytes(int64_t size) : room_(static_cast<size_t>(size) + 2 * kAlign) {}
  std::byte* data() {
    const auto at = reinterpret_cast<uintptr_t>(room_.data());
    return room_.data() + (kAlign - at % kAlign) % kAlign;
  }

private:
  std::vector<std::byte> room_;
};

// Planned, or none where the case is one that is refused or is for training.
std::optional<ir::Module> planned(const std::string& text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  auto module = ir::read(sources.add("case.lir", text), {}, diagnostics);
  EXPECT_TRUE(module.has_value()) << diagnostics.text();
  if (!module) return std::nullopt;
  passes::PassContext context;
  context.target = source_target().info;
  auto result = passes::run_pipeline(
      std::move(*module), passes::pipeline(passes::Phase::kTraining, passes::Phase::kPlanned), {},
      context);
  EXPECT_EQ(result.broken, "") << text;
  return context.errors.empty() && result.broken.empty() ? std::optional(std::move(result.module))
                                                         : std::nullopt;
}

std::vector<std::string> texts_of(std::string_view op) {
  const auto bytes =
      read_file(std::string(LINNET_SOURCE_DIR) + "/tests/ops/" + std::string(op) + ".lir");
  if (!bytes) return {};
  const std::string text(bytes->begin(), bytes->end());
  const std::string separator = "// -----\n";
  std::vector<std::string> texts;
  for (size_t at = 0; at != std::string::npos;) {
    const size_t next = text.find(separator, at);
    texts.push_back(text.substr(at, next - at));
    at = next == std::string::npos ? next : next + separator.size();
  }
  std::erase_if(texts, [](const std::string& one) {
    return one.find("// error:") != std::string::npos || one.find("lir 1") == std::string::npos;
  });
  return texts;
}

CompileOptions options_of(const Target& target, const std::string& name) {
  CompileOptions options;
  options.name = name;
  options.target = target;
  options.jobs = 1;
  return options;
}

Target scalar_host() {
  Target target = find_target("native").target;
  target.info = in_scalar_order(target.info);
  return target;
}

std::vector<std::byte> random_bytes(const ir::Type& type, uint32_t stream) {
  ir::Type rows = type;
  rows.layout = {};
  const auto size = static_cast<size_t>(type.elements());
  std::vector<double> numbers(size);
  std::vector<int64_t> integers(size);
  for (size_t i = 0; i < size; ++i) {
    numbers[i] = 2 * philox_uniform_f64(7, stream, 0, i) - 1;
    const auto word = static_cast<int32_t>(philox_word(7, stream, 0, i));
    integers[i] = type.dtype == ir::DType::kBool ? word & 1 : word >> 20;
  }
  const ir::Tensor tensor = is_float(type.dtype) ? ir::Tensor::from_doubles(rows, numbers)
                                                 : ir::Tensor::from_ints(rows, integers);
  return {tensor.bytes().begin(), tensor.bytes().end()};
}

int call(void* function, const std::vector<void*>& p) {
  using P = void*;
  switch (p.size()) {
  case 2:
    return reinterpret_cast<int (*)(P, P)>(function)(p[0], p[1]);
  case 3:
    return reinterpret_cast<int (*)(P, P, P)>(function)(p[0], p[1], p[2]);
  case 4:
    return reinterpret_cast<int (*)(P, P, P, P)>(function)(p[0], p[1], p[2], p[3]);
  case 5:
    return reinterpret_cast<int (*)(P, P, P, P, P)>(function)(p[0], p[1], p[2], p[3], p[4]);
  case 6:
    return reinterpret_cast<int (*)(P, P, P, P, P, P)>(function)(p[0], p[1], p[2], p[3], p[4],
                                                                 p[5]);
  case 7:
    return reinterpret_cast<int (*)(P, P, P, P, P, P, P)>(function)(p[0], p[1], p[2], p[3], p[4],
                                                                    p[5], p[6]);
  default:
    return -1;
  }
}

// The bytes of all outputs; NaNs are one.
std::vector<std::vector<std::byte>> answers(const Case& one, void* function, int64_t arena_bytes) {
  const ir::Graph& graph = one.module.graphs.front();
  std::vector<std::unique_ptr<Bytes>> memory;
  std::vector<void*> parameters;
  const auto add = [&](int64_t size) {
    memory.push_back(std::make_unique<Bytes>(size));
    parameters.push_back(memory.back()->data());
  };
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const auto data =
        random_bytes(graph.value(graph.inputs[i].value).type, static_cast<uint32_t>(i));
    add(static_cast<int64_t>(data.size()));
    std::ranges::copy(data, static_cast<std::byte*>(parameters.back()));
  }
  for (const ir::GraphOutput& output : graph.outputs)
    add(graph.value(output.value).type.stored_bytes());
  add(arena_bytes);
  EXPECT_EQ(call(function, parameters), 0) << one.name;
  std::vector<std::vector<std::byte>> results;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const ir::Type& type = graph.value(graph.outputs[i].value).type;
    const auto* data = static_cast<const std::byte*>(parameters[graph.inputs.size() + i]);
    results.emplace_back(data, data + type.stored_bytes());
    const auto one_nan = [&]<class T>(T) {
      for (size_t at = 0; at + sizeof(T) <= results.back().size(); at += sizeof(T)) {
        T value;
        std::memcpy(&value, results.back().data() + at, sizeof value);
        if (value != value) std::memset(results.back().data() + at, 0xff, sizeof value);
      }
    };
    if (type.dtype == ir::DType::kF32) one_nan(0.0F);
    if (type.dtype == ir::DType::kF64) one_nan(0.0);
  }
  return results;
}

class COpCases : public Command {
protected:
  // Every `step`-th case of each op.
  void collect(size_t step) {
    std::set<std::string> refused;
    size_t count = 0;
    for (const ir::OpDef* op : ir::all_ops()) {
      for (const std::string& text : texts_of(op->name)) {
        if (count++ % step != 0) continue;
        auto module = planned(text);
        if (!module) continue;
        const auto slots = module->slots.size();
        if (slots != 0) continue;  // of a trainer
        if (const auto fault = not_in_c(std::span(&*module, 1))) {
          refused.insert(fault->what.substr(fault->what.find(' ') + 1));
          continue;
        }
        Case one{fmt::format("c{}", cases_.size()), *std::move(module), {}};
        auto source = c_source(std::span(&one.module, 1), options_of(source_target(), one.name));
        ASSERT_TRUE(source.has_value()) << source.error().message;
        one.source = *std::move(source);
        cases_.push_back(std::move(one));
      }
    }
    refused_ = {refused.begin(), refused.end()};
  }

  // All cases compiled by `compiler`, loaded.
  void* library(const std::string& compiler) {
    std::string all;
    for (const Case& one : cases_) {
      write(one.name + ".h", one.source.header);
      all += one.source.source + "\n";
    }
    write("cases.c", all);
    const std::string line = compiler + " -std=c99 -pedantic -Wall -Wextra -Wconversion -Werror "
                                        "-ffp-contract=off -shared -fPIC cases.c -lm -o cases.so";
    EXPECT_EQ(run(line), 0) << line << "\n" << err_.substr(0, 4000);
    return dlopen((folder_ + "/cases.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  }

  void compare(void* c) {
    const Target target = scalar_host();
    for (const Case& one : cases_) {
      auto compiled = codegen::compile(std::span(&one.module, 1), options_of(target, one.name));
      ASSERT_TRUE(compiled.has_value()) << compiled.error().message;
      auto loaded = load(*compiled);
      ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
      EXPECT_EQ(one.source.arena_bytes, compiled->arena_bytes);
      void* own = dlsym(c, (one.name + "_run").c_str());
      ASSERT_NE(own, nullptr) << one.name;
      EXPECT_EQ(answers(one, own, compiled->arena_bytes),
                answers(one, (*loaded)->symbol(one.name + "_run"), compiled->arena_bytes))
          << one.source.source;
    }
  }

  std::vector<Case> cases_;
  std::vector<std::string> refused_;
};

using COpCasesWhole = COpCases;  // run by `make test-targets`

TEST_F(COpCases, HaveTheBitsOfKernelsInScalarOrder) {
  collect(8);
  EXPECT_GT(cases_.size(), 20U);
  void* c = library("gcc -O1");
  ASSERT_NE(c, nullptr) << dlerror();
  compare(c);
  dlclose(c);
}

TEST_F(COpCasesWhole, AllHaveTheBitsOfKernelsInScalarOrder) {
  collect(1);
  EXPECT_GT(cases_.size(), 200U);
  // What only training has, and what is arithmetic in half precision.
  for (const std::string& what : refused_) {
    EXPECT_TRUE(what.find("max_pool2d_backward") != std::string::npos ||
                what.find("arithmetic in") != std::string::npos)
        << what;
  }
  for (const char* compiler :
       {"gcc -O2 -fsanitize=undefined -fno-sanitize-recover", "clang-22 -O2"}) {
    void* c = library(compiler);
    ASSERT_NE(c, nullptr) << dlerror();
    compare(c);
    dlclose(c);
  }
}

}  // namespace
}  // namespace linnet::codegen
