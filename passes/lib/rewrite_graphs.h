// One rewrite for every entry graph of a module.
#pragma once

#include "ir/module.h"
#include "ir/rewrite.h"

#include <functional>

namespace linnet::passes {

// Rewrites every entry graph by `visit` (ir::rewrite).
[[nodiscard]] ir::Module
rewrite_graphs(ir::Module module,
               const std::function<bool(ir::Rewriter&, ir::NodeId, const ir::Node&)>& visit);

// The same without constants that nobody reads.
[[nodiscard]] ir::Module without_unused_constants(ir::Module module);

// The smaller ops that a node stands for take its place.
void expand(ir::Rewriter& rewriter, const ir::Node& node);

}  // namespace linnet::passes
