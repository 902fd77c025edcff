// A model is written once for any N, but read for one: what is right for N = 1 only by broadcasting
// or by luck is found here.
#include "frontend/lin/check_batch.h"

#include "ir/loop.h"
#include "ir/samples.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {
namespace {

bool has_batch(const Block& model) {
  return std::ranges::any_of(model.data, [](const Parameter& input) {
    return std::ranges::any_of(input.type.dims, [](const ExprPtr& dim) {
      return dim->kind == ExprKind::kName && dim->text == "N";
    });
  });
}

// The first dimension that differs between the model for fewer and for more samples.
std::optional<size_t> batch_dim(const ir::Type& fewer, const ir::Type& more) {
  const auto [at, other] = std::ranges::mismatch(fewer.shape, more.shape);
  if (at == fewer.shape.end() || other == more.shape.end()) return std::nullopt;
  return static_cast<size_t>(at - fewer.shape.begin());
}

// What was said of the model for `samples`, said of the model.
void repeat(const Diagnostics& said, int64_t samples, Diagnostics& diagnostics) {
  for (Diagnostic diagnostic : said.all()) {
    if (diagnostic.severity != Severity::kError) continue;
    diagnostic.message = fmt::format("with N = {}: {}", samples, diagnostic.message);
    if (diagnostic.remedy.empty())
      diagnostic.remedy = "N stands for any number of samples; write 1 if the model takes only one";
    diagnostics.report(std::move(diagnostic));
  }
}

bool check_parameters(const Block& model, const ir::Module& fewer, const ir::Module& more,
                      Diagnostics& diagnostics) {
  bool ok = true;
  for (size_t i = 0; i < std::min(fewer.slots.size(), more.slots.size()); ++i) {
    const ir::Slot& slot = fewer.slots[i];
    const bool stored = slot.kind == ir::SlotKind::kParameter || slot.kind == ir::SlotKind::kBuffer;
    if (!stored || slot.type.shape == more.slots[i].type.shape) continue;
    diagnostics.error(model.span, fmt::format("the size of '{}' depends on the batch N", slot.path))
        .help("weights are the same for every number of samples: give the dimension its number");
    ok = false;
  }
  return ok;
}

bool check_rows(const Block& model, const ir::Graph& fewer, const ir::Graph& more, int64_t samples,
                Diagnostics& diagnostics) {
  if (fewer.inputs.size() != more.inputs.size() || fewer.outputs.size() != more.outputs.size())
    return true;  // another graph for each number of samples: nothing can be said of it
  std::map<ir::ValueId, ir::Samples> inputs;
  for (size_t i = 0; i < more.inputs.size(); ++i) {
    const ir::Type& type = more.value(more.inputs[i].value).type;
    if (const auto dim = batch_dim(fewer.value(fewer.inputs[i].value).type, type))
      inputs[more.inputs[i].value] = {*dim, std::max<int64_t>(type.shape[*dim] / samples, 1)};
  }
  bool ok = true;
  const auto rows = ir::output_samples(more, inputs, samples);
  for (size_t i = 0; i < rows.size(); ++i) {
    const ir::GraphOutput& output = more.outputs[i];
    const ir::Type& type = fewer.value(fewer.outputs[i].value).type;
    // Without a dimension N it is declared to be one result of the whole batch.
    if (rows[i].mixed.empty() || !batch_dim(type, more.value(output.value).type)) continue;
    Diagnostic diagnostic;
    diagnostic.place = rows[i].place.diag();
    if (!rows[i].place.known()) diagnostic.place.span = model.span;
    diagnostic.message = fmt::format("what '{}' gives for one sample depends on others: {}",
                                     output.name, rows[i].mixed);
    diagnostic.remedy = "N stands for samples that know nothing of each other; if rows are meant "
                        "to meet, give the dimension another name, such as M, and --bind M=…";
    diagnostics.report(std::move(diagnostic));
    ok = false;
  }
  return ok;
}

}  // namespace

bool follows_batch(const ir::Graph& of_fewer, int64_t fewer, const ir::Graph& of_more,
                   int64_t more) {
  const auto follows = [&](const ir::Type& x, const ir::Type& y) {
    if (x.shape.empty() || x.shape.size() != y.shape.size()) return false;
    return x.shape[0] == fewer && y.shape[0] == more &&
           std::equal(x.shape.begin() + 1, x.shape.end(), y.shape.begin() + 1);
  };
  const ir::Graph& a = of_fewer;
  const ir::Graph& b = of_more;
  bool all = !a.inputs.empty() && a.inputs.size() == b.inputs.size() &&
             a.outputs.size() == b.outputs.size();
  for (size_t i = 0; all && i < a.inputs.size(); ++i) {
    all = !a.inputs[i].slot.empty() ||
          follows(a.value(a.inputs[i].value).type, b.value(b.inputs[i].value).type);
  }
  for (size_t i = 0; all && i < a.outputs.size(); ++i)
    all = follows(a.value(a.outputs[i].value).type, b.value(b.outputs[i].value).type);
  return all;
}

std::optional<bool> check_batch(const Block& model, int64_t batch, const ForSamples& for_samples,
                                Diagnostics& diagnostics) {
  if (!has_batch(model)) return false;
  std::vector<int64_t> sizes{2, 3, 5};
  std::erase(sizes, batch);
  std::vector<ir::Module> modules;
  sizes.resize(2);
  for (int64_t samples : sizes) {
    Diagnostics said(diagnostics.sources());
    auto module = for_samples(samples, said);
    if (!module) {
      repeat(said, samples, diagnostics);
      return std::nullopt;
    }
    modules.push_back(std::move(*module));
  }
  const ir::Graph& fewer = modules[0].graphs.front();
  const ir::Graph more = ir::without_loops(modules[1], modules[1].graphs.front());
  const bool same = check_parameters(model, modules[0], modules[1], diagnostics);
  if (!check_rows(model, fewer, more, sizes[1], diagnostics) || !same) return std::nullopt;
  return follows_batch(fewer, sizes[0], more, sizes[1]);
}

}  // namespace linnet::frontend
