// Writes down where each value of an entry lies, and while which calls.
#include "cli/report_product.h"

#include "ir/loop.h"
#include "passes/lib/storage.h"
#include "passes/lib/view_root.h"

#include <algorithm>

namespace linnet::cli {
namespace {

std::string_view word(ir::Memory memory) {
  switch (memory) {
  case ir::Memory::kInput:
    return "input";
  case ir::Memory::kOutput:
    return "output";
  case ir::Memory::kSlot:
    return "slot";
  case ir::Memory::kConstant:
    return "constant";
  case ir::Memory::kArena:
    break;
  }
  return "arena";
}

class MemoryWriter {
public:
  explicit MemoryWriter(const ReportProduct& of)
      : of_(of), graph_(of.graph), calls_(ir::calls_of(of.graph)), lives_(graph_.values().size()),
        names_(graph_.values().size()) {
    result_.number.assign(graph_.values().size(), -1);
  }

  ReportMemory write() {
    find_lives();
    find_names();
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      if (graph_.values()[i].storage && root({static_cast<int32_t>(i)}) == i) add(i);
    }
    for (size_t i = 0; i < calls_.size(); ++i) {
      const ir::Node& node = *calls_[i];
      if (const auto scratch = passes::scratch_of(node))
        add(node.callee.empty() ? "what the loop works in" : "what @" + node.callee + " works in",
            "", ir::Memory::kArena, scratch->offset, scratch->bytes,
            {static_cast<int64_t>(i), static_cast<int64_t>(i)}, {});
    }
    return std::move(result_);
  }

private:
  struct Life {
    int64_t first = 0, last = -1;  // calls
  };

  [[nodiscard]] size_t root(ir::ValueId value) const {
    return static_cast<size_t>(passes::view_root(graph_, value).index);
  }
  [[nodiscard]] int64_t last_call() const {
    return std::max<int64_t>(static_cast<int64_t>(calls_.size()) - 1, 0);
  }

  void find_lives() {
    for (size_t i = 0; i < calls_.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      for (const ir::ValueId operand : calls_[i]->operands) {
        if (operand) lives_[root(operand)].last = at;
      }
      for (const ir::ValueId result : calls_[i]->results)
        lives_[root(result)] = {at, at};
    }
  }

  // Names in the model of what lies there, of views too; of an output also what it is called.
  void find_names() {
    const ir::Graph* imported = of_.imported.graph(graph_.name);
    if (!imported) imported = &of_.imported.graphs.front();
    const auto add_name = [&](ir::ValueId value, const std::string& name) {
      std::vector<std::string>& names = names_[root(value)];
      if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
    };
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const std::string& name = graph_.values()[i].name;
      if (imported->find(name)) add_name({static_cast<int32_t>(i)}, name);
    }
    for (const ir::GraphOutput& output : graph_.outputs)
      add_name(output.value, output.name);
  }

  void add(size_t i) {
    const ir::Value& value = graph_.values()[i];
    const ir::Memory memory = value.storage->memory;
    const int64_t bytes = value.type.stored_bytes();
    if (memory == ir::Memory::kConstant) result_.constant_bytes += bytes;
    Life life = lives_[i];
    if (memory == ir::Memory::kOutput) life.last = last_call();
    if (memory != ir::Memory::kArena && memory != ir::Memory::kOutput) life = {0, last_call()};
    life.last = std::max(life.first, life.last);
    result_.number[i] = static_cast<int64_t>(result_.values.size());
    add(value.name, ir::to_string(value.type), memory, value.storage->offset, bytes, life,
        names_[i]);
  }

  void add(const std::string& name, const std::string& type, ir::Memory memory, int64_t offset,
           int64_t bytes, Life life, const std::vector<std::string>& from) {
    result_.values.push_back({{"name", name},
                              {"type", type},
                              {"memory", word(memory)},
                              {"offset", offset},
                              {"bytes", bytes},
                              {"first", life.first},
                              {"last", life.last},
                              {"from", from}});
  }

  const ReportProduct& of_;
  const ir::Graph& graph_;
  std::vector<const ir::Node*> calls_;
  std::vector<Life> lives_;                      // by the graph's values
  std::vector<std::vector<std::string>> names_;  // the same
  ReportMemory result_;
};

}  // namespace

ReportMemory report_memory(const ReportProduct& of) {
  return MemoryWriter(of).write();
}

}  // namespace linnet::cli
