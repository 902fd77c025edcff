// The pass choose_halo: the zeros that a convolution pads with lie around the picture in memory.
#include "ir/builder.h"
#include "ir/op_def.h"
#include "ir/ops/pad.h"
#include "ir/ops/shared/window.h"
#include "ir/rewrite.h"
#include "passes/lib/candidate.h"
#include "passes/lib/label.h"
#include "passes/lib/storage.h"
#include "passes/passes.h"
#include "passes/schedule/anchors.h"
#include "passes/schedule/families.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace linnet::passes {
namespace {

using ir::NodeId;
using ir::ValueId;
using Sides = std::array<int64_t, 4>;  // top, left, bottom, right
using Users = std::vector<std::vector<NodeId>>;

bool is_kernel(const ir::Node* node) {
  return node && node->op == &ir::ops::group && node->schedule && node->results.size() == 1;
}

ValueId result_of(const ir::Node& group) {
  return group.regions.front().outputs.front().value;
}

// The pad that makes the result of a kernel: zeros around pictures, nothing cut off.
const ir::Node* padding_of(const ir::Node& group) {
  const ir::Graph& body = group.regions.front();
  const ir::Node* pad = body.producer(result_of(group));
  if (!pad || pad->op != &ir::ops::pad || body.value(pad->results.front()).type.rank() != 4)
    return nullptr;
  if (pad->attrs.get(ir::kPadMode).word != "constant" || pad->attrs.get(ir::kPadValue) != 0)
    return nullptr;
  const ir::Ints& pads = pad->attrs.get(ir::kPads);
  if (pads[0] != 0 || pads[1] != 0 || pads[4] != 0 || pads[5] != 0) return nullptr;
  return std::ranges::all_of(pads, [](int64_t count) { return count >= 0; }) ? pad : nullptr;
}

// One picture that gets a halo: its type then, and the bodies of all kernels that store or read it.
class Change {
public:
  ValueId picture;
  ir::Type type;                         // as it is stored then
  std::map<int32_t, ir::Graph> bodies;   // by node
  std::optional<ir::Schedule> schedule;  // of the kernel that stores it, if it is another then

  Change(const ir::Graph& graph, ValueId stored, ir::Type bare)
      : picture(stored), type(std::move(bare)), graph_(graph) {}

  ir::Graph& body(NodeId node) {
    return bodies.try_emplace(node.index, graph_.node(node).regions.front()).first->second;
  }

  // The kernel's convolution pads the picture itself, and by `more`, instead of reading `padded`.
  std::string pad_in(NodeId reader, ValueId padded, const Sides& more) {
    const ir::Node& node = graph_.node(reader);
    const std::string name = label(graph_, node);
    if (!is_kernel(&node) || !family(node.schedule->family).reads_halo)
      return name + " is no convolution that reads zeros around a picture";
    ir::Graph& inside = body(reader);
    const auto users = inside.users();
    for (size_t k = 0; k < node.operands.size(); ++k) {
      if (node.operands[k] != padded) continue;
      const ValueId input = inside.inputs[k].value;
      const auto& uses = users[static_cast<size_t>(input.index)];
      ir::Node* anchor = uses.size() == 1 ? &inside.node(uses.front()) : nullptr;
      if (!anchor || anchor->op != &ir::ops::conv2d || anchor->operands.front() != input)
        return name + " reads the padded picture not only in its convolution";
      ir::Ints padding = anchor->attrs.get(ir::kPadding);
      for (size_t side = 0; side < more.size(); ++side) {
        padding[side] += more[side];
        type.layout.halo[side] = std::max(type.layout.halo[side], padding[side]);
      }
      anchor->attrs.set(ir::kPadding.name, std::move(padding));
    }
    return "";
  }

  // Every kernel that stores the picture, or reads it as `picture` or `padded`, has its new type;
  // or why one cannot.
  std::string spread(const Users& users, ValueId padded) {
    if (std::ranges::max(type.layout.halo) > ir::kMostHalo)
      return fmt::format("more than {} zeros on a side", ir::kMostHalo);
    const NodeId maker = graph_.value(picture).node;
    ir::Graph& made = body(maker);
    made.value(made.outputs.front().value).type = type;
    for (const ValueId read : {picture, padded}) {
      for (const NodeId user : users[static_cast<size_t>(read.index)]) {
        const ir::Node& node = graph_.node(user);
        ir::Graph& inside = body(user);
        for (size_t k = 0; k < node.operands.size(); ++k) {
          if (node.operands[k] == read) inside.value(inside.inputs[k].value).type = type;
        }
      }
    }
    for (const auto& [index, changed] : bodies) {
      const ir::Node& node = graph_.node({index});
      const bool other = schedule && index == maker.index;
      const std::string fault = schedule_fault(changed, other ? *schedule : *node.schedule);
      if (!fault.empty()) return fmt::format("{}: {}", label(graph_, node), fault);
    }
    return "";
  }

private:
  const ir::Graph& graph_;
};

class HaloChooser {
public:
  HaloChooser(const ir::Module& module, ir::Graph& graph, PassContext& context)
      : graph_(graph), context_(context), storage_(storage_classes(module, graph)) {}

  void run() {
    for (size_t i = 0; i < graph_.nodes().size(); ++i) {
      const NodeId id{static_cast<int32_t>(i)};
      // A pad before a pad is in the same kernel.
      while (is_kernel(&graph_.node(id)) && padding_of(graph_.node(id)) && drop_padding(id)) {
      }
    }
    graph_ = ir::without_unused(graph_, [&](const ir::Node& node) {
      return node.results.size() == 1 && unread_.contains(node.results.front());
    });
  }

private:
  // What reads a kernel's padded result reads what is padded there, and the zeros around it. True
  // if the kernel is still there, without the pad.
  bool drop_padding(NodeId id) {
    const ir::Node& node = graph_.node(id);
    const ir::Graph& body = node.regions.front();
    const ir::Node& pad = *padding_of(node);
    const ValueId padded = node.results.front();
    const ValueId bare = pad.operands.front();
    const auto input = std::ranges::find(body.inputs, bare, &ir::GraphInput::value);
    const Users users = graph_.users();
    // A kernel that only pads goes, if the picture's own can store the zeros; else it is a copy.
    const bool copies = input != body.inputs.end();
    const ValueId source =
        copies ? node.operands[static_cast<size_t>(input - body.inputs.begin())] : padded;
    const bool goes = copies && no_place(source, users).empty();
    const ValueId picture = goes ? source : padded;
    const std::string name = "the padding of %" + graph_.value(padded).name;
    const auto no = [&](const std::string& why) {
      context_.refused(node.place, name + ": " + why);
      return false;
    };
    if (std::string why = no_place(padded, users); !why.empty()) return no(why);
    Change change(graph_, picture, goes ? graph_.value(source).type : body.value(bare).type);
    if (!goes) drop_pad(change, id, bare);
    const ir::Ints& pads = pad.attrs.get(ir::kPads);
    for (const NodeId reader : users[static_cast<size_t>(padded.index)]) {
      std::string why = change.pad_in(reader, padded, {pads[2], pads[3], pads[6], pads[7]});
      if (!why.empty()) return no(why);
    }
    if (std::string why = change.spread(users, padded); !why.empty()) return no(why);
    std::string message = name + " lies around ";
    if (copies && !goes) {
      message += "a copy: " + no_place(source, users);
    } else {
      message +=
          fmt::format("{}: a copy of {} bytes less", label(graph_, *graph_.producer(picture)),
                      graph_.value(padded).type.stored_bytes());
    }
    if (!context_.may_rewrite(node.place, message)) return false;
    apply(std::move(change), users, padded);
    return !copies;
  }

  // Why the picture's memory cannot have zeros around it, or "".
  [[nodiscard]] std::string no_place(ValueId picture, const Users& users) const {
    const std::string name = "%" + graph_.value(picture).name;
    if (!is_kernel(graph_.producer(picture))) return name + " is not what a kernel stores";
    if (storage_[picture].memory != ir::Memory::kArena)
      return name + " is an output, which has no zeros around it";
    for (const NodeId user : users[static_cast<size_t>(picture.index)]) {
      if (!is_kernel(&graph_.node(user)))
        return label(graph_, graph_.node(user)) + " reads " + name + " without zeros around it";
    }
    return "";
  }

  // A kernel that pads what it moves, or only copies it, stores that alone, as another may.
  void drop_pad(Change& change, NodeId maker, ValueId bare) {
    ir::Graph& body = change.body(maker);
    ValueId stored = bare;
    if (!body.producer(bare)) {
      const ir::Place place = graph_.node(maker).place;
      const ir::Value input = body.value(bare);
      stored = ir::Builder(body).at(place).create(
          ir::ops::reshape, {bare}, {{"shape", ir::Ints(input.type.shape)}}, input.name);
    }
    body.outputs.front().value = stored;
    body = ir::without_unused(body);
    change.schedule =
        choose_schedule(candidate_of(body, graph_, graph_.node(maker).operands, context_));
    if (has_threads(*graph_.node(maker).schedule))
      change.schedule->parameters.emplace_back(kThreads, 1);
  }

  void apply(Change change, const Users& users, ValueId padded) {
    for (auto& [index, body] : change.bodies)
      graph_.node({index}).regions.front() = std::move(body);
    if (change.schedule)
      graph_.node(graph_.value(change.picture).node).schedule = std::move(change.schedule);
    for (const NodeId reader : users[static_cast<size_t>(padded.index)])
      std::ranges::replace(graph_.node(reader).operands, padded, change.picture);
    graph_.value(change.picture).type = std::move(change.type);
    if (padded != change.picture) unread_.insert(padded);
  }

  ir::Graph& graph_;
  PassContext& context_;
  ir::ValueMap<ir::Storage> storage_;
  std::set<ValueId> unread_;  // results of copies that nothing reads any more
};

}  // namespace

ir::Module choose_halo(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs)
    HaloChooser(module, graph, context).run();
  return module;
}

}  // namespace linnet::passes
