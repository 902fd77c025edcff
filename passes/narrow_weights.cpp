// The pass narrow_weights: weights of products that wait for memory are stored in bf16 or f16.
#include "base/philox.h"
#include "ir/op_def.h"
#include "passes/lib/candidate.h"
#include "passes/lib/fold.h"
#include "passes/lib/label.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/passes.h"
#include "passes/schedule/anchors.h"
#include "passes/schedule/families.h"
#include "passes/schedule/narrowing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace linnet::passes {
namespace {

// Bytes of the constants that kernels of a graph read in a call.
int64_t constant_bytes(const ir::Graph& graph) {
  std::set<ir::ValueId> seen;
  int64_t bytes = 0;
  for (const ir::Node& node : graph.nodes()) {
    if (node.op != &ir::ops::group) continue;
    for (const ir::ValueId operand : node.operands) {
      if (constant_node(graph, operand) && seen.insert(operand).second)
        bytes += graph.value(operand).type.stored_bytes();
    }
  }
  return bytes;
}

// The numbers of a weight in the type, or why it has not got them.
Found<ir::Tensor> narrowed(const ir::Tensor& tensor, ir::DType dtype) {
  ir::Type type = tensor.type();
  type.dtype = dtype;
  const std::vector<double> values = tensor.as_doubles();
  ir::Tensor result = ir::Tensor::from_doubles(type, values);
  const std::vector<double> stored = result.as_doubles();
  for (size_t i = 0; i < stored.size(); ++i) {
    if (std::isfinite(values[i]) && !std::isfinite(stored[i]))
      return tl::unexpected(fmt::format("{:.3g} is beyond {}", values[i], name(dtype)));
  }
  return result;
}

// Largest difference of the product with a random row in [-1, 1), as a part of the largest result,
// both summed in f64.
double probe_error(const Product& product, const ir::Tensor& exact, const ir::Tensor& stored) {
  const std::vector<double> a = exact.as_doubles(), b = stored.as_doubles();
  std::vector<double> row(static_cast<size_t>(product.inner));
  for (size_t k = 0; k < row.size(); ++k)
    row[k] = 2 * philox_uniform_f64(0, 0, 0, k) - 1;
  const auto columns = static_cast<size_t>(product.columns);
  std::vector<double> sums(columns, 0), differences(columns, 0);
  for (size_t k = 0; k < row.size(); ++k) {
    for (size_t n = 0; n < columns; ++n) {
      const size_t at = product.transposed ? n * row.size() + k : k * columns + n;
      sums[n] += row[k] * a[at];
      differences[n] += row[k] * (b[at] - a[at]);
    }
  }
  const auto largest = [](const std::vector<double>& values) {
    double most = 0;
    for (const double value : values)
      most = std::max(most, std::abs(value));
    return most;
  };
  const double most = largest(sums);
  return most > 0 ? largest(differences) / most : 0;
}

// The kernel with its weight in the type, and a cast where it was read.
ir::Graph with_cast(const ir::Graph& body, size_t weight, ir::DType dtype, const ir::Place& place) {
  ir::Rewriter r(body, [](const ir::GraphInput&) { return false; });
  for (size_t i = 0; i < body.inputs.size(); ++i) {
    const ir::Value& value = body.value(body.inputs[i].value);
    ir::Type type = value.type;
    if (i == weight) type.dtype = dtype;
    r.replace(body.inputs[i].value, r.graph().add_input(value.name, type));
  }
  const ir::ValueId read = body.inputs[weight].value;
  r.replace(read,
            r.at(place).create(ir::ops::cast, {r[read]}, {{"dtype", body.value(read).type.dtype}},
                               body.value(read).name + "_f32"));
  for (const ir::Node& node : body.nodes())
    r.copy(node);
  return r.finish();
}

class Narrower {
public:
  Narrower(ir::Graph& graph, PassContext& context)
      : graph_(graph), context_(context), bytes_(constant_bytes(graph)) {}

  void run() {
    graph_ = ir::rewrite(graph_, [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
      return node.op == &ir::ops::group && narrow(r, node);
    });
  }

private:
  bool narrow(ir::Rewriter& r, const ir::Node& node) {
    const ir::Graph& body = node.regions.front();
    if (!matmul_group(body)) return false;
    const Product product(body);
    const size_t at = product.group.weight();
    const ir::Node* constant = constant_node(r.old(), node.operands[at]);
    const std::string weight =
        fmt::format("the weight {} of {}", to_string(body.value(body.inputs[at].value).type),
                    label(r.old(), node));
    const auto no = [&](const std::string& why) {
      context_.refused(node.place, weight + " stays f32: " + why);
      return false;
    };
    if (!constant) return no("it is no constant");
    if (std::string why = not_worth(body); !why.empty()) return no(why);
    Found<ir::Tensor> tensor = narrowed(*constant->tensor, context_.weights);
    if (!tensor) return no(tensor.error());
    ir::Graph changed = with_cast(body, at, context_.weights, node.place);
    if (family_of(r.old(), node, changed) != family_of(r.old(), node, body))
      return no("its kernel would be of another family");
    const std::string message = fmt::format(
        "{} is stored as {}: {} bytes less; on a probe its product is off by {:.2g} of the largest",
        weight, name(context_.weights), tensor->bytes().size(),
        probe_error(product, *constant->tensor, *tensor));
    if (!context_.may_rewrite(node.place, message)) return false;
    context_.notable.push_back({true, node.place, message});
    std::vector<ir::ValueId> operands = r.mapped(node.operands);
    operands[at] = r.at(constant->place)
                       .constant(*std::move(tensor), r.old().value(node.operands[at]).name,
                                 constant->attrs.get_or(ir::kOpaque, false));
    const std::string result = r.old().value(node.results.front()).name;
    r.replace(
        node.results.front(),
        r.at(node.place).group(std::move(changed), operands, node.schedule, {result}).front());
    return true;
  }

  [[nodiscard]] std::string not_worth(const ir::Graph& body) const {
    if (std::string why = not_worth_narrowing(body, bytes_, context_.target); !why.empty())
      return why;
    if (context_.weights == ir::DType::kF16 && !context_.target.fma)
      return "this target has no instruction that widens f16";  // F16C comes with FMA
    return "";
  }

  std::string family_of(const ir::Graph& graph, const ir::Node& node, const ir::Graph& body) const {
    return choose_schedule(candidate_of(body, graph, node.operands, context_)).family;
  }

  ir::Graph& graph_;
  PassContext& context_;
  int64_t bytes_;
};

}  // namespace

ir::Module narrow_weights(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs)
    Narrower(graph, context).run();
  const bool none = std::ranges::none_of(context.notable, &Remark::fired);
  if (none && context.narrow)
    context.notable.push_back({false,
                               {},
                               fmt::format("no weight is stored as {}: none waits for memory "
                                           "(--explain narrow_weights)",
                                           name(context.weights))});
  return without_unused_constants(std::move(module));
}

}  // namespace linnet::passes
