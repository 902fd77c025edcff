// The structural ops: their types come with the node (ir/builder.h), not from a record.
#include "ir/builder.h"

namespace linnet::ir {

const OpDef ops::constant{
    .name = "constant",
    .doc = "A tensor known when compiling. Opaque ones stand for untrained parameters: no pass "
           "may look at their values.",
    .attrs = {{.name = "opaque", .doc = "never folded", .default_value = false}},
    .traits = kStructural,
};

const OpDef ops::group{
    .name = "group",
    .doc = "A nested graph that becomes one kernel: an anchor with what was fused to it.",
    .operands = {{.name = "operands", .variadic = true}},
    .traits = kStructural,
};

const OpDef ops::call{
    .name = "call",
    .doc = "A call of an outlined kernel.",
    .operands = {{.name = "operands", .variadic = true}},
    .attrs = {{.name = "scratch",
               .doc = "where in the arena it works, and how many bytes, of a kernel that does",
               .default_value = Ints{}}},
    .traits = kStructural,
};

const OpDef ops::loop{
    .name = "loop",
    .doc =
        "The body once for each step of time, as ONNX's Scan. Operands: states, whose next values "
        "are the body's first outputs; sequences, of which a step gets its part along dimension "
        "0; and what is the same for every step. Results are the body's outputs: of states the "
        "last value, or of all steps if collected; of others those of all steps.",
    .operands = {{.name = "operands", .variadic = true}},
    .attrs =
        {{.name = "steps", .doc = "how many", .default_value = int64_t{1}, .required = true},
         {.name = "states", .doc = "how many operands are states", .default_value = int64_t{0}},
         {.name = "scanned",
          .doc = "how many behind them are sequences",
          .default_value = int64_t{0}},
         {.name = "collected",
          .doc = "states of which the values of all steps are the result",
          .default_value = Ints{}},
         {.name = "reverse", .doc = "from the last step to the first", .default_value = false},
         {.name = "scratch",
          .doc = "where in the arena the body works and how many bytes that takes: plan_memory",
          .default_value = Ints{}}},
    .traits = kStructural,
};

}  // namespace linnet::ir
