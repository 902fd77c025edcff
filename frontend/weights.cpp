// Matches the tensors of a weights file with slots by name and shape, and writes them back.
#include "frontend/weights.h"

#include "ir/initialize.h"

#include "base/io/safetensors.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace linnet::frontend {
namespace {

using ir::DType;
using ir::Slot;

// PyTorch's batch norm stores a count that nothing reads at inference.
constexpr std::string_view kIgnoredSuffix = ".num_batches_tracked";

bool wanted(const Slot& slot) {
  return slot.kind == ir::SlotKind::kParameter || slot.kind == ir::SlotKind::kBuffer;
}

class Loader {
public:
  Loader(std::string path, const NameMap& map, ir::Module& module, Diagnostics& diagnostics)
      : path_(std::move(path)), map_(map), module_(module), diagnostics_(diagnostics) {}

  bool run() {
    auto file = Safetensors::read(path_);
    if (!file) {
      report(Severity::kError, file.error().message, "", file.error().status);
      return false;
    }
    if (!resolve_names(*file)) return false;
    const bool fits = match(*file);
    return read_scales(*file) && fits;
  }

private:
  // The path begins the messages of runtime/ already.
  Diagnostic& report(Severity severity, std::string message, std::string remedy = "",
                     Status status = Status::kBadInput) {
    Diagnostic diagnostic;
    diagnostic.severity = severity;
    if (!message.starts_with(path_)) diagnostic.place.name = path_;
    diagnostic.message = std::move(message);
    diagnostic.remedy = std::move(remedy);
    diagnostic.status = status;
    return diagnostics_.report(std::move(diagnostic));
  }

  // Names in the file → names in the model.
  bool resolve_names(const Safetensors& file) {
    bool ok = true;
    std::vector<std::string> names;
    for (const auto& entry : file.entries()) {
      entries_.emplace_back(entry.name, &entry);
      names.push_back(entry.name);
    }
    for (const auto& [old_name, new_name] : map_) {
      const auto at = std::ranges::find_if(
          entries_, [&](const auto& entry) { return entry.second->name == old_name; });
      if (at == entries_.end()) {
        report(
            Severity::kError,
            fmt::format("--map {}={}: the file has no tensor '{}'", old_name, new_name, old_name),
            did_you_mean(old_name, names));
        ok = false;
      } else {
        at->first = new_name;
      }
    }
    return ok;
  }

  bool match(const Safetensors& file) {
    bool ok = true;
    std::set<std::string> used;
    std::vector<std::string> missing;
    for (Slot& slot : module_.slots) {
      if (!wanted(slot)) continue;
      const auto at = std::ranges::find(
          entries_, slot.path, [](const auto& entry) -> const std::string& { return entry.first; });
      if (at == entries_.end()) {
        missing.push_back(slot.path);
        continue;
      }
      used.insert(slot.path);
      ok = take(file, *at->second, slot) && ok;
    }
    std::vector<std::string> extra;
    for (const auto& [name, entry] : entries_) {
      if (!used.contains(name) && !name.starts_with("data.") && !name.ends_with(kIgnoredSuffix))
        extra.push_back(name);
    }
    for (const std::string& name : missing) {
      const ir::Type& type = module_.slot(name)->type;
      const auto near = nearest_names(name, extra, 1);
      report(Severity::kError, fmt::format("no tensor '{}' {}", name, ir::to_string(type.shape)),
             near.empty()
                 ? ""
                 : fmt::format("did you mean '{0}'? then give --map {0}={1}", near[0], name));
    }
    for (const std::string& name : extra) {
      report(Severity::kError, fmt::format("the model has no parameter '{}'", name),
             did_you_mean(name, missing));
    }
    return ok && missing.empty() && extra.empty();
  }

  bool take(const Safetensors& file, const Safetensors::Entry& entry, Slot& slot) {
    if (entry.shape != slot.type.shape) {
      auto& error = report(Severity::kError,
                           fmt::format("'{}' is {}, the model's is {}", slot.path,
                                       ir::to_string(entry.shape), ir::to_string(slot.type.shape)));
      if (!slot.place.spans.empty())
        error.note(slot.place.spans.front(), "the parameter is declared here");
      return false;
    }
    const DType dtype = entry.dtype;
    if (is_float(dtype) != is_float(slot.type.dtype)) {
      report(Severity::kError, fmt::format("'{}' is {}, the model's is {}", slot.path, name(dtype),
                                           name(slot.type.dtype)));
      return false;
    }
    if (dtype != slot.type.dtype) {
      report(Severity::kRemark, fmt::format("'{}' converted from {} to {}", slot.path, name(dtype),
                                            name(slot.type.dtype)));
    }
    const Tensor tensor = file.tensor_as(entry, slot.type.dtype);
    const auto* bytes = reinterpret_cast<const std::byte*>(tensor.data.data());
    ir::Type type = slot.type;
    type.layout = {};
    slot.value = ir::Tensor(type, {bytes, bytes + tensor.data.size()});
    return true;
  }

  // `data.NAME.mean` → attribute `mean` of NAME's declaration; likewise `std`.
  bool read_scales(const Safetensors& file) {
    bool ok = true;
    for (const auto& [name, entry] : entries_) {
      if (!name.starts_with("data.")) continue;
      const size_t dot = name.rfind('.');
      const std::string port = dot > 5 ? name.substr(5, dot - 5) : "";
      const std::string what = name.substr(dot + 1);
      const auto at = std::ranges::find(module_.data, port, &ir::Declaration::target);
      if (at == module_.data.end() || (what != "mean" && what != "std")) {
        report(Severity::kError,
               fmt::format("'{}' belongs to no input or output that `data` declares", name));
        ok = false;
        continue;
      }
      const Tensor tensor = file.tensor_as(*entry, DType::kF64);
      const auto numbers = tensor.as<double>();
      at->recipe.attrs.set(what, ir::Doubles(numbers.begin(), numbers.end()));
    }
    return ok;
  }

  std::string path_;
  const NameMap& map_;
  ir::Module& module_;
  Diagnostics& diagnostics_;
  std::vector<std::pair<std::string, const Safetensors::Entry*>> entries_;
};

}  // namespace

bool load_weights(const std::string& path, const NameMap& map, ir::Module& module,
                  Diagnostics& diagnostics) {
  return Loader(path, map, module, diagnostics).run();
}

bool save_weights(const std::string& path, const ir::Module& module, uint64_t seed,
                  Diagnostics& diagnostics) {
  std::vector<ir::Tensor> values;
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < module.slots.size(); ++i) {
    const Slot& slot = module.slots[i];
    if (!wanted(slot)) continue;
    values.push_back(ir::initial_value(slot, seed, static_cast<uint32_t>(i)));
    tensors.push_back({slot.path, slot.type.dtype, slot.type.shape, values.back().bytes().data()});
  }
  const auto written = write_safetensors(path, std::move(tensors));
  if (written) return true;
  Diagnostic diagnostic;
  diagnostic.message = written.error().message;
  diagnostic.status = written.error().status;
  diagnostics.report(std::move(diagnostic));
  return false;
}

}  // namespace linnet::frontend
