// tests/ops/OP.lir: each op on small values. A case is a module whose inputs stand in comments
//   // in x = [1, 2]        the values of an input
//   // out y = [3, 4]       what output y must be (to 1e-6; exactly for integers)
//   // error: …             the message that reading the module must give
// and `// -----` separates cases. Of the op as a whole say the first lines
//   // no samples apart      no operand has samples, or the result is of all of them
//   // no gradient           see tests/passes/gradients_test.cpp
//   // gradient from 0 to 1  where it is smooth and defined
// Expected values are numpy's, rounded to seven digits.
#include "ir/evaluate.h"
#include "ir/print.h"
#include "ir/read.h"
#include "ir/samples.h"
#include "ir/verify.h"

#include "base/io/file.h"
#include "tests/support/message_cases.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <sstream>

namespace linnet::ir {
namespace {

const std::string kFolder = std::string(LINNET_SOURCE_DIR) + "/tests/ops/";

struct Case {
  std::map<std::string, std::vector<double>> inputs, outputs;
  std::string error, text;
  bool no_samples = false;
};

std::vector<double> numbers(std::string list) {
  for (char& c : list) {
    if (c == '[' || c == ']' || c == ',') c = ' ';
  }
  std::istringstream in(list);
  std::vector<double> values;
  for (std::string word; in >> word;)
    values.push_back(std::strtod(word.c_str(), nullptr));
  return values;
}

std::vector<Case> cases_of(const std::string& path) {
  const auto bytes = read_file(path);
  EXPECT_TRUE(bytes.has_value()) << path;
  std::istringstream in(bytes ? std::string(bytes->begin(), bytes->end()) : "");
  std::vector<Case> cases(1);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string slashes, kind, name, equals;
    words >> slashes >> kind >> name >> equals;
    if (line == "// -----") {
      cases.emplace_back();
    } else if (slashes == "//" && (kind == "in" || kind == "out") && equals == "=") {
      const auto values = numbers(line.substr(line.find('=') + 1));
      (kind == "in" ? cases.back().inputs : cases.back().outputs)[name] = values;
    } else if (line == "// no samples apart") {
      cases.back().no_samples = true;
    } else if (line.starts_with("// error: ")) {
      cases.back().error = line.substr(10);
    } else if (slashes != "//") {
      cases.back().text += line + "\n";
    }
  }
  return cases;
}

template <class T> double value_of(const Array<T>& array, size_t i) {
  if (!array.holds_floats()) return static_cast<double>(array.ints[i]);
  if constexpr (std::is_same_v<T, Bounded>) {
    if (std::isfinite(array.values[i].value)) {
      EXPECT_GE(array.values[i].magnitude * (1 + 1e-12), std::fabs(array.values[i].value));
    }
    return array.values[i].value;
  } else {
    return static_cast<double>(array.values[i]);
  }
}

template <class T> void expect_values(const Module& module, const Case& test) {
  const Graph& graph = module.graphs.front();
  std::vector<Array<T>> inputs;
  for (const GraphInput& input : graph.inputs) {
    const Value& value = graph.value(input.value);
    const auto given = test.inputs.find(value.name);
    ASSERT_NE(given, test.inputs.end()) << "no values of %" << value.name;
    ASSERT_EQ(given->second.size(), static_cast<size_t>(value.type.elements())) << value.name;
    inputs.push_back(to_array<T>(Tensor::from_doubles(value.type, given->second)));
  }
  const auto outputs = evaluate<T>(module, graph, inputs);
  for (size_t o = 0; o < outputs.size(); ++o) {
    const auto expected = test.outputs.find(graph.outputs[o].name);
    ASSERT_NE(expected, test.outputs.end()) << "nothing expected of " << graph.outputs[o].name;
    ASSERT_EQ(outputs[o].size(), expected->second.size());
    for (size_t i = 0; i < outputs[o].size(); ++i) {
      const double actual = value_of(outputs[o], i);
      const double wanted = expected->second[i];
      if (std::isnan(wanted)) {
        EXPECT_TRUE(std::isnan(actual)) << i;
      } else if (std::isinf(wanted)) {
        EXPECT_EQ(actual, wanted) << i;
      } else {
        EXPECT_NEAR(actual, wanted, outputs[o].holds_floats() ? 2e-6 * (1 + std::fabs(wanted)) : 0)
            << i;
      }
    }
  }
}

void expect_case(const Case& test) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const auto module = read(sources.add("case.lir", test.text), {}, diagnostics);
  if (!test.error.empty()) {
    EXPECT_FALSE(module.has_value());
    ASSERT_FALSE(diagnostics.all().empty());
    EXPECT_EQ(diagnostics.all().front().message, test.error);
    return;
  }
  ASSERT_TRUE(module.has_value()) << diagnostics.text();
  EXPECT_EQ(verify(*module), std::nullopt);
  const std::string printed = print(*module).text;
  const auto again = read(sources.add("printed.lir", printed), {}, diagnostics);
  ASSERT_TRUE(again.has_value()) << diagnostics.text();
  EXPECT_EQ(print(*again).text, printed);
  expect_values<float>(*module, test);
  expect_values<double>(*module, test);
  expect_values<Bounded>(*module, test);
}

// Where the record says that the samples along a dimension of an input lie apart in the outputs, a
// change of one of them changes nothing of the others. The number of such dimensions.
int expect_samples_apart(const Module& module, const Case& test) {
  const Graph& graph = module.graphs.front();
  std::vector<Array<double>> inputs;
  for (const GraphInput& input : graph.inputs) {
    const Value& value = graph.value(input.value);
    inputs.push_back(
        to_array<double>(Tensor::from_doubles(value.type, test.inputs.at(value.name))));
  }
  const auto before = evaluate<double>(module, graph, inputs);
  int checked = 0;
  for (size_t in = 0; in < inputs.size(); ++in) {
    const Shape& shape = inputs[in].type.shape;
    for (size_t dim = 0; dim < shape.size(); ++dim) {
      const int64_t batch = shape[dim];
      if (batch < 2) continue;
      const auto rows = output_samples(graph, {{graph.inputs[in].value, {dim, 1}}}, batch);
      const auto sample_of = [&](const Shape& of, Samples at, size_t element) {
        const int64_t after =
            element_count({of.begin() + static_cast<ptrdiff_t>(at.dim) + 1, of.end()});
        return static_cast<int64_t>(element) / after % of[at.dim] / at.inner % batch;
      };
      for (int64_t sample = 0; sample < batch; ++sample) {
        auto changed = inputs;
        for (size_t i = 0; i < changed[in].size(); ++i) {
          if (sample_of(shape, {dim, 1}, i) != sample) continue;
          if (changed[in].holds_floats()) changed[in].values[i] = 0.7 - changed[in].values[i];
          if (!changed[in].holds_floats()) changed[in].ints[i] = 1 - changed[in].ints[i];
        }
        const auto after = evaluate<double>(module, graph, changed);
        for (size_t o = 0; o < rows.size(); ++o) {
          if (!rows[o].apart) continue;
          ++checked;
          for (size_t i = 0; i < after[o].size(); ++i) {
            if (sample_of(after[o].type.shape, *rows[o].apart, i) == sample) continue;
            const double a = value_of(before[o], i), b = value_of(after[o], i);
            EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b)))
                << "input " << in << " dimension " << dim << " sample " << sample << " moves "
                << graph.outputs[o].name << "[" << i << "]";
          }
        }
      }
    }
  }
  return checked;
}

class Ops : public testing::TestWithParam<const OpDef*> {};

// Every op has its file; a missing one fails.
TEST_P(Ops, GiveTheValuesOfTheirFile) {
  const std::string path = kFolder + std::string(GetParam()->name) + ".lir";
  for (const Case& test : cases_of(path)) {
    SCOPED_TRACE(test.text);
    expect_case(test);
  }
}

// check_batch relies on it.
TEST_P(Ops, LeaveSamplesApartWhereTheirRecordSaysSo) {
  int checked = 0;
  bool none = false;
  for (const Case& test : cases_of(kFolder + std::string(GetParam()->name) + ".lir")) {
    none = none || test.no_samples;
    if (!test.error.empty()) continue;
    SCOPED_TRACE(test.text);
    SourceManager sources;
    Diagnostics diagnostics(sources);
    const auto module = read(sources.add("case.lir", test.text), {}, diagnostics);
    ASSERT_TRUE(module.has_value()) << diagnostics.text();
    checked += expect_samples_apart(*module, test);
  }
  EXPECT_EQ(checked == 0, none) << checked;
}

INSTANTIATE_TEST_SUITE_P(Each, Ops, testing::ValuesIn(all_ops().begin(), all_ops().end()),
                         [](const auto& info) { return std::string(info.param->name); });

const std::set<std::string> kNoCases = {
    "the result is too large",  // a sum of sizes that are legal: of millions of operands
    "the seed of all numbers is made of the batch",  // what made one number of it is refused first
};

// Every refusal of an op is the error of a case here, or of a program where what is refused is a
// batch. The records' own docs are no messages.
TEST(Records, EveryRefusalHasACase) {
  const std::string programs = std::string(LINNET_SOURCE_DIR) + "/tests/frontend/";
  std::vector<std::string> lines = messages::expected_lines(programs + "messages/");
  for (const std::string& path : messages::files(programs + "wrong/", ".txt"))
    lines.push_back(messages::text_of(path));
  for (const OpDef* op : all_ops()) {
    for (const Case& test : cases_of(kFolder + std::string(op->name) + ".lir"))
      lines.push_back(test.error);
    lines.emplace_back(op->doc);
    for (const OperandDef& operand : op->operands)
      lines.emplace_back(operand.doc);
    for (const AttrDef& attr : op->attrs)
      lines.emplace_back(attr.doc);
  }
  const std::string ops = std::string(LINNET_SOURCE_DIR) + "/ir/ops/";
  std::vector<std::string> sources = messages::files(ops, ".cpp");
  const std::vector<std::string> shared = messages::files(ops + "shared/", ".cpp");
  sources.insert(sources.end(), shared.begin(), shared.end());
  const messages::Search found = messages::search(sources, lines, kNoCases);
  EXPECT_EQ(found.missing, "") << "a refusal without a case in tests/ops/";
  EXPECT_GT(found.messages, 150U) << "the sources were not read";
}

TEST(Records, SayWhatTheyAre) {
  for (const OpDef* op : all_ops()) {
    EXPECT_FALSE(op->doc.empty()) << op->name;
    if (op->has(kStructural)) continue;
    EXPECT_NE(op->infer, nullptr) << op->name;
    EXPECT_TRUE(op->scalar || op->evaluate) << op->name;
    EXPECT_EQ(op->has(kElementwise), op->scalar != nullptr) << op->name;
    // Where the samples of a batch go: by a trait, or by the record's own word.
    EXPECT_TRUE(op->samples || op->has(kElementwise) || op->has(kTrainingOnly) || op->has(kView) ||
                op->has(kReduction))
        << op->name;
  }
}

}  // namespace
}  // namespace linnet::ir
