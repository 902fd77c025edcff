// The errors of values within a model, for `linnet verify --nodes`.
#pragma once

#include "cli/build.h"
#include "cli/samples.h"
#include "driver/difference.h"
#include "driver/inspect.h"
#include "driver/values.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linnet::cli {

// Every value within the model, computed by compiled code in one of two ways. What the product's
// kernels store is read from memory after a call: same kernels, but no memory used twice. What is
// within a kernel is never stored, and comes from a second compilation of the model in which it is
// an output: the model is cut there, and its kernels are other ones.
class InnerErrors {
public:
  // Of a module at the end of phase `imported`, for one sample. `sample` is one of those that
  // follow: by it, a stored value is known to be the one of this name in the model still. nullptr,
  // with the reason reported, if it does not compile.
  [[nodiscard]] static std::unique_ptr<InnerErrors>
  load(Session& session, const ir::Module& module, const ModelOptions& model,
       const PipelineFlags& flags, const driver::CompileOptions& build, const Sample& sample);

  // In the order in which they are computed; of the module given.
  [[nodiscard]] const std::vector<ir::ValueId>& values() const { return values_; }
  // Calls the compiled code and compares with `theirs`, one for each value; what is empty there is
  // not compared. Samples in order: of a model with state they are steps.
  // The product's outputs, good until the next call.
  const std::vector<Tensor>& add(int64_t number, const Sample& sample,
                                 std::span<const Tensor> theirs);
  // What the i-th value was in the last call.
  [[nodiscard]] Tensor computed(size_t i) const {
    return rows_[i].stored ? product_->value(rows_[i].stored) : (*cut_outputs_)[rows_[i].cut];
  }

  // Of the i-th value; null: it was not compared.
  [[nodiscard]] const driver::Difference* error(size_t i) const {
    return rows_[i].compared ? &rows_[i].error : nullptr;
  }
  // Was the product's own value read, not that of the cut model?
  [[nodiscard]] bool is_stored(size_t i) const { return bool(rows_[i].stored); }
  // Which is the first value beyond the tolerance; nullopt: all are within.
  [[nodiscard]] std::optional<size_t> first_beyond(double tolerance) const;
  void print(const Session& session, double tolerance) const;
  void add_to(nlohmann::ordered_json& json, const Session& session, double tolerance) const;

private:
  struct Row {
    ir::ValueId stored;  // where it is in the planned module; none: it is cut
    size_t cut = 0;      // which output of the cut model
    bool compared = false;
    driver::Difference error;
  };
  explicit InnerErrors(const ir::Module& module)
      : module_(module), values_(driver::inner_values(module)), rows_(values_.size()) {}
  void find_stored(const Sample& sample, uint64_t seed);
  [[nodiscard]] const std::string& name(size_t i) const {
    return module_.graphs.front().value(values_[i]).name;
  }
  [[nodiscard]] std::string place(const Session& session, size_t i) const {
    return place_of(session, module_.graphs.front(), values_[i]);
  }

  const ir::Module& module_;
  std::vector<ir::ValueId> values_;
  std::vector<Row> rows_;
  std::unique_ptr<driver::Inspected> product_, cut_;  // cut_: null if nothing is cut
  const std::vector<Tensor>* cut_outputs_ = nullptr;  // of its last call
};

// A row of a table: name, error, where it is, the two numbers there.
[[nodiscard]] std::vector<std::string> error_cells(const std::string& name,
                                                   const driver::Difference& error);
[[nodiscard]] nlohmann::ordered_json error_json(const std::string& name,
                                                const driver::Difference& error);

}  // namespace linnet::cli
