// The road from a model to code that computes it.
#pragma once

#include "driver/model.h"
#include "driver/product.h"

#include <optional>

namespace linnet::driver {

struct CompileOptions : Options {
  bool flush_denormals = false;    // entries compute with zeros for denormal numbers
  bool name_tiny_weights = false;  // in remarks
};

// The model for options.batch samples and, where it follows their number, for single ones too.
// nullopt, with the reason reported, on failure.
[[nodiscard]] std::optional<Product> compile(Model& model, const codegen::Target& target,
                                             const CompileOptions& options, const Host& host);

// The same of one module at the end of phase `imported`, for as many samples as it is written for.
[[nodiscard]] std::optional<Product> compile(const ir::Module& module,
                                             const codegen::Target& target,
                                             const CompileOptions& options, const Host& host);

// Marks each output of classes that a softmax over the classes makes: its values are probabilities
// already. Of several outputs each is looked at by itself.
void mark_probabilities(ir::Module& module);

}  // namespace linnet::driver
