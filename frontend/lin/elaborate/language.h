// The parts that give a text its meaning, wired to one another over one module and graph.
#pragma once

#include "frontend/lin/elaborate/blocks.h"
#include "frontend/lin/elaborate/calls.h"
#include "frontend/lin/elaborate/expressions.h"
#include "frontend/lin/elaborate/library.h"
#include "frontend/lin/elaborate/nodes.h"
#include "frontend/lin/elaborate/report.h"

namespace linnet::frontend {

// An expression holds calls, a call applies a block, a block has expressions: each knows the
// others by reference, so a Language is neither copied nor moved.
struct Language {
  Language(const Library& library, Diagnostics& diagnostics, uint32_t prelude, ir::Module& module,
           ir::Graph& graph, int64_t next_stream = 0)
      : report(diagnostics, prelude), nodes(report, graph, next_stream),
        expressions(report, nodes, calls), calls(library, report, nodes, expressions, blocks),
        blocks(library, report, nodes, expressions, calls, module) {}
  Language(const Language&) = delete;
  Language& operator=(const Language&) = delete;

  Report report;
  Nodes nodes;
  Expressions expressions;
  Calls calls;
  Blocks blocks;
};

}  // namespace linnet::frontend
