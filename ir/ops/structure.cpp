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
    .traits = kStructural,
};

}  // namespace linnet::ir
