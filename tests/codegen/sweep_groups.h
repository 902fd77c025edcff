// Small groups of every kernel family, of sizes around the multiples of vectors and tiles.
#pragma once

#include "ir/builder.h"
#include "ir/read.h"
#include "support/check.h"
#include "support/source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace linnet::codegen::sweep {

using ir::Shape;
using ir::ValueId;

inline ir::Type f32(Shape shape) {
  return {ir::DType::kF32, std::move(shape), {}};
}

inline ir::Tensor numbers(const Shape& shape) {
  std::vector<double> values;
  for (int64_t i = 0; i < f32(shape).elements(); ++i)
    values.push_back(static_cast<double>(i * 7 % 23) / 23 - 0.5);
  return ir::Tensor::from_doubles(f32(shape), values);
}

// A graph under construction: input, constants, what comes next.
class Model {
public:
  Model() { graph_.name = "predict"; }

  ValueId input(const Shape& shape) { return graph_.add_input("x", f32(shape)); }
  ValueId constant(const Shape& shape) { return builder().constant(numbers(shape), "w"); }
  ValueId integers(const Shape& shape, const std::vector<int64_t>& values) {
    return builder().constant(ir::Tensor::from_ints({ir::DType::kI64, shape, {}}, values), "i");
  }
  ValueId make(const ir::OpDef& op, std::vector<ValueId> operands, ir::Attrs attrs = {}) {
    return builder().create(op, operands, attrs);
  }
  ir::Module returns(ValueId value) {
    graph_.outputs.push_back({"y", value, ""});
    ir::Module module;
    module.name = "m";
    module.graphs.push_back(graph_);
    return module;
  }

private:
  ir::Builder builder() { return ir::Builder(graph_).at(ir::Place::named("test")); }
  ir::Graph graph_;
};

// A convolution with its bias, relu and, where `window` is given, a pool of such windows.
inline ir::Module convolution(const Shape& x, const Shape& w, const ir::Attrs& attrs = {},
                              const ir::Ints& window = {}) {
  Model m;
  ValueId y = m.make(ir::ops::conv2d, {m.input(x), m.constant(w)}, attrs);
  y = m.make(ir::ops::relu, {m.make(ir::ops::add, {y, m.constant({w[0], 1, 1})})});
  if (!window.empty()) y = m.make(ir::ops::max_pool2d, {y}, {{"kernel_size", window}});
  return m.returns(y);
}

// Both operands known only at run time; the picture is one of channels of samples, as in the
// gradient of a weight.
inline ir::Module correlation(const Shape& x, const Shape& w, bool transposed) {
  Model m;
  ValueId a = m.input(x);
  ValueId b = m.input(w);
  if (transposed) {
    a = m.make(ir::ops::transpose, {a}, {{"dims", ir::Ints{1, 0, 2, 3}}});
    b = m.make(ir::ops::transpose, {b}, {{"dims", ir::Ints{1, 0, 2, 3}}});
  }
  return m.returns(m.make(ir::ops::conv2d, {a, b}));
}

inline ir::Module matmul(const Shape& a, const Shape& b, bool constant, bool transpose_b = false,
                         bool transpose_a = false) {
  Model m;
  ValueId left = m.input(a);
  const ValueId right = constant ? m.constant(b) : m.input(b);
  if (transpose_a) left = m.make(ir::ops::transpose, {left});
  const ValueId y = m.make(ir::ops::matmul, {left, right}, {{"transpose_b", transpose_b}});
  return m.returns(m.make(ir::ops::add, {y, m.constant({transpose_b ? b[0] : b[1]})}));
}

// Stacks of matrices, of which one operand may be repeated.
inline ir::Module stacks(const Shape& a, const Shape& b, bool constant, bool transpose_b) {
  Model m;
  const ValueId left = m.input(a);
  const ValueId right = constant ? m.constant(b) : m.input(b);
  const ValueId y = m.make(ir::ops::matmul, {left, right}, {{"transpose_b", transpose_b}});
  return m.returns(m.make(ir::ops::relu, {y}));
}

inline ir::Module normalized(const ir::OpDef& op, const Shape& x, const ir::Attrs& attrs = {}) {
  Model m;
  return m.returns(m.make(ir::ops::relu, {m.make(op, {m.input(x)}, attrs)}));
}

// A mean taken from a row and the distance to its extremes.
inline ir::Module spread(const Shape& x) {
  Model m;
  const ValueId in = m.input(x);
  const ir::Attrs rows{{"dim", ir::Ints{-1}}, {"keepdim", true}};
  const ValueId middle = m.make(ir::ops::sub, {in, m.make(ir::ops::mean, {in}, rows)});
  const ValueId e = m.make(ir::ops::tanh, {middle});
  const ValueId range =
      m.make(ir::ops::sub, {m.make(ir::ops::amax, {e}, rows), m.make(ir::ops::amin, {e}, rows)});
  return m.returns(m.make(ir::ops::div, {e, range}));
}

inline ir::Module sum(const ir::OpDef& op, const Shape& x, const ir::Ints& dims) {
  Model m;
  return m.returns(m.make(ir::ops::exp, {m.make(op, {m.input(x)}, {{"dim", dims}})}));
}

inline ir::Module concat(Shape shape, int64_t dim) {
  Model m;
  std::vector<ValueId> pieces;
  for (int64_t size : {3, 16, 1, 37}) {
    shape[static_cast<size_t>(dim)] = size;
    pieces.push_back(m.input(shape));
  }
  return m.returns(m.make(ir::ops::relu, {m.make(ir::ops::concat, pieces, {{"dim", dim}})}));
}

inline ir::Module scatter(const Shape& shape, int64_t count, const char* reduce) {
  Shape updates = shape;
  updates[0] = count;
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < count; ++i)
    indices.push_back(i * 3 % shape[0]);
  Model m;
  const ValueId at = m.integers({count}, indices);
  return m.returns(m.make(ir::ops::scatter, {m.input(shape), at, m.input(updates)},
                          {{"reduce", ir::Enum{reduce}}}));
}

inline ir::Module transposed(const Shape& shape, const ir::Ints& dims) {
  Model m;
  return m.returns(m.make(ir::ops::transpose, {m.input(shape)}, {{"dims", dims}}));
}

// A convolution whose input is what a kernel stores: with zeros around it, where it pads.
inline ir::Module padded(const Shape& x, const Shape& w, const ir::Ints& padding,
                         ir::Attrs attrs = {}, const ir::Ints& window = {}) {
  Model m;
  attrs.set("padding", padding);
  const ValueId picture = m.make(ir::ops::tanh, {m.input(x)});
  ValueId y = m.make(ir::ops::conv2d, {picture, m.constant(w)}, attrs);
  if (!window.empty()) y = m.make(ir::ops::max_pool2d, {y}, {{"kernel_size", window}});
  return m.returns(m.make(ir::ops::relu, {y}));
}

// A kernel with the layouts of its text, such as pictures with a halo.
inline ir::Module kernel(const std::string& text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  auto module =
      ir::read(sources.add("k.lir", "lir 1\nmodule m\nkernel @k" + text), {}, diagnostics);
  LINNET_CHECK(module.has_value(), "no kernel: " + text);
  return *std::move(module);
}

// A pool of a picture [N,C,H,W] in one layout to pictures of another.
inline ir::Module pooled(const std::string& from, const std::string& to, const std::string& op,
                         const Shape& x, const Shape& out) {
  const auto dims = [](const Shape& shape) { return fmt::format("{}", fmt::join(shape, ",")); };
  const std::string result = fmt::format("f32[{}]{}", dims({x[0], x[1], out[0], out[1]}), to);
  return kernel(fmt::format("(%x: f32[{}]{} in arena+0) generic{{}} {{\n  %y: {} in arena+0 = {}\n"
                            "  return %y\n}}",
                            dims(x), from, result, op));
}

// What pack_weights makes of a weight that is known only at run time.
inline ir::Module copy(const Shape& shape, const std::string& layout) {
  Model m;
  ir::Module module =
      m.returns(m.make(ir::ops::reshape, {m.input(shape)}, {{"shape", ir::Ints(shape)}}));
  ir::Graph& kernel = module.graphs.front();
  kernel.value(kernel.outputs[0].value).type.layout = *ir::layout_from_text(layout, shape.size());
  kernel.value(kernel.outputs[0].value).storage = ir::Storage{ir::Memory::kArena, 0};
  kernel.name = "k";
  module.kernels.push_back(std::move(kernel));
  module.graphs.clear();
  return module;
}

ir::Attrs grouped(int64_t groups, ir::Attrs attrs = {}) {
  attrs.set("groups", groups);
  return attrs;
}

// By the family whose space is swept.
inline const std::map<std::string, std::vector<ir::Module>>& cases() {
  const ir::Ints odd{1, 0, 2, 1};
  static const std::map<std::string, std::vector<ir::Module>> list = {
      {"direct",
       {convolution({1, 3, 5, 7}, {17, 3, 3, 3}), convolution({3, 2, 3, 9}, {8, 2, 1, 1}),
        convolution({2, 2, 6, 6}, {16, 2, 3, 3}, {{"padding", odd}, {"stride", ir::Ints{2, 1}}}),
        convolution({1, 2, 1, 1}, {1, 2, 1, 1}),
        convolution({1, 2, 9, 10}, {5, 2, 2, 3}, {}, {2, 3}),
        convolution({2, 4, 7, 8}, {34, 2, 2, 2}, grouped(2, {{"dilation", ir::Ints{2, 1}}}),
                    {2, 2}),
        convolution({1, 6, 4, 5}, {48, 2, 3, 2}, grouped(3)),
        convolution({1, 2, 6, 10}, {20, 2, 3, 3}, {{"padding", ir::Ints{1, 1, 1, 1}}}, {3, 5}),
        correlation({3, 2, 7, 8}, {3, 17, 5, 5}, true),
        padded({1, 16, 6, 20}, {17, 16, 3, 3}, {1, 1, 1, 1}),
        padded({2, 24, 9, 9}, {24, 8, 5, 3}, {2, 0, 1, 3},
               grouped(3, {{"stride", ir::Ints{2, 2}}})),
        padded({1, 34, 8, 8}, {8, 34, 3, 3}, {1, 1, 0, 0}, {}, {2, 3}),
        kernel(
            R"((%x: f32[2,3,5,6]{nhwc, halo:0,2,1,0} in arena+0, %w: f32[9,3,2,3] in constant+0) generic{} {
          %y: f32[2,9,5,6]{nhwc, halo:1,2,3,0} in arena+0 = conv2d(%x, %w) {padding = [0, 2, 1, 0]}
          return %y
        })"),
        kernel(
            R"((%x: f32[2,3,5,6]{nchw, halo:1,1,1,0} in arena+0, %w: f32[9,3,2,3] in constant+0) generic{} {
          %y: f32[2,9,6,6] in arena+0 = conv2d(%x, %w) {padding = [1, 1, 1, 1]}
          return %y
        })")}},
      {"winograd",
       {convolution({1, 8, 9, 13}, {16, 8, 3, 3}, {{"padding", odd}}),
        convolution({2, 4, 6, 5}, {8, 4, 3, 3}), convolution({1, 4, 3, 3}, {4, 4, 3, 3}),
        convolution({1, 4, 8, 16}, {4, 4, 3, 3}, {{"padding", ir::Ints{1, 1, 1, 1}}}, {2, 2}),
        convolution({1, 8, 9, 7}, {4, 8, 3, 3}, {{"padding", ir::Ints{2, 2, 2, 2}}}, {4, 1}),
        padded({2, 16, 14, 10}, {16, 16, 3, 3}, {1, 1, 1, 1}),
        correlation({1, 4, 6, 7}, {4, 4, 3, 3}, false),
        kernel(
            R"((%x: f32[2,8,5,6]{nhwc, halo:1,2,1,0} in arena+0, %w: f32[16,8,3,3]{Nchw8n, winograd:4} in constant+0) generic{} {
          %y: f32[2,16,6,8]{nhwc, halo:1,0,2,3} in arena+0 = conv2d(%x, %w) {padding = [1, 2, 2, 2]}
          return %y
        })"),
        kernel(
            R"((%x: f32[1,16,8,4]{nchw, halo:1,1,1,1} in arena+0, %w: f32[16,16,3,3]{Nchw16n, winograd:2} in constant+0) generic{} {
          %y: f32[1,16,8,4] in output 0 = conv2d(%x, %w) {padding = [1, 1, 1, 1]}
          return %y
        })")}},
      {"depthwise",
       {convolution({1, 5, 5, 7}, {5, 1, 3, 3}, grouped(5)),
        convolution({2, 17, 4, 1}, {17, 1, 2, 1}, grouped(17)),
        convolution({1, 16, 7, 9}, {16, 1, 3, 3}, grouped(16, {{"stride", ir::Ints{2, 2}}})),
        convolution({1, 6, 5, 9}, {18, 1, 1, 4}, grouped(6), {2, 2}),
        convolution({2, 24, 5, 5}, {8, 3, 3, 3}, grouped(8)),
        convolution({1, 84, 3, 4}, {84, 1, 2, 2}, grouped(84)),
        convolution({1, 16, 9, 9}, {16, 1, 2, 3}, grouped(16, {{"dilation", ir::Ints{2, 3}}})),
        padded({2, 17, 5, 7}, {17, 1, 3, 3}, {1, 1, 1, 1}, grouped(17)),
        padded({1, 16, 8, 8}, {16, 1, 5, 5}, {0, 0, 3, 3},
               grouped(16, {{"stride", ir::Ints{2, 2}}})),
        kernel(
            R"((%x: f32[2,6,4,7]{nchw, halo:3,1,1,4} in arena+0, %w: f32[6,1,3,3] in constant+0) generic{} {
          %y: f32[2,6,4,7]{nchw, halo:0,0,0,3} in arena+0 = conv2d(%x, %w) {padding = [1, 1, 1, 1], groups = 6}
          return %y
        })"),
        kernel(
            R"((%x: f32[2,20,4,1]{nhwc, halo:1,1,1,1} in arena+0, %w: f32[20,1,3,3] in constant+0) generic{} {
          %y: f32[2,20,4,1]{nhwc, halo:1,1,1,1} in arena+0 = conv2d(%x, %w) {padding = [1, 1, 1, 1], groups = 20}
          return %y
        })")}},
      {"dots",
       {convolution({1, 8, 4, 5}, {6, 8, 3, 3}), convolution({2, 20, 3, 7}, {3, 20, 1, 1}),
        convolution({1, 16, 5, 9}, {1, 16, 2, 2}, {{"stride", ir::Ints{2, 3}}}),
        convolution({1, 32, 6, 6}, {2, 32, 3, 2}, {{"dilation", ir::Ints{2, 1}}}),
        kernel(
            R"((%x: f32[2,8,5,7]{nhwc, halo:1,0,2,1} in arena+0, %w: f32[3,8,3,3] in constant+0) generic{} {
          %y: f32[2,3,6,6] in arena+0 = conv2d(%x, %w) {padding = [1, 0, 2, 1]}
          return %y
        })")}},
      {"pooled_rows",
       {convolution({2, 1, 8, 12}, {6, 1, 5, 3}, {{"padding", odd}}, {2, 2}),
        convolution({1, 2, 9, 14}, {3, 2, 3, 3}, {}, {3, 3}),
        convolution({1, 1, 6, 1}, {1, 1, 3, 3}, {{"padding", ir::Ints{2, 2, 2, 2}}}, {2, 3}),
        convolution({1, 1, 3, 35}, {4, 1, 1, 2}, {}, {1, 1}),
        convolution({1, 3, 5, 34}, {2, 3, 2, 2}, {}, {2, 6}),
        kernel(R"((%x: f32[2,1,6,9] in input 0, %w: f32[3,1,3,3] in constant+0) generic{} {
          %c: f32[2,3,6,9] = conv2d(%x, %w) {padding = [1, 1, 1, 1]}
          %y: f32[2,3,2,4]{nchw, halo:2,1,2,1} in arena+0 = max_pool2d(%c) {kernel_size = [3, 2]}
          return %y
        })")}},
      {"pixel_rows",
       {convolution({2, 1, 6, 12}, {6, 1, 5, 3}, {{"padding", odd}}),
        convolution({1, 2, 4, 17}, {3, 2, 3, 3}), convolution({1, 2, 5, 1}, {1, 2, 1, 1}),
        convolution({1, 3, 6, 6}, {4, 3, 5, 5}, {{"padding", ir::Ints{4, 4, 4, 4}}}),
        correlation({1, 4, 6, 37}, {2, 4, 3, 7}, false),
        convolution({1, 2, 3, 5}, {2, 2, 3, 4}, {{"padding", ir::Ints{0, 3, 0, 0}}}),
        // In place, for the stack has no room for a copy.
        convolution({1, 48, 6, 15}, {2, 48, 1, 1}), convolution({2, 40, 7, 19}, {3, 40, 2, 5}),
        kernel(
            R"((%x: f32[2,2,6,9]{nchw, halo:1,1,2,2} in arena+0, %w: f32[3,2,3,3] in constant+0) generic{} {
          %y: f32[2,3,6,9]{nchw, halo:0,5,0,0} in arena+0 = conv2d(%x, %w) {padding = [1, 1, 1, 1]}
          return %y
        })")}},
      {"taps",
       {correlation({2, 3, 9, 19}, {4, 3, 7, 17}, false),
        correlation({3, 1, 8, 8}, {3, 6, 5, 4}, true),
        correlation({1, 2, 5, 33}, {1, 2, 5, 32}, false),
        correlation({1, 1, 3, 11}, {5, 1, 2, 5}, false)}},
      {"dense",
       {matmul({1, 7}, {7, 17}, true), matmul({5, 33}, {33, 10}, true),
        matmul({1, 2}, {2, 1}, true), matmul({3, 8}, {16, 8}, false, true),
        matmul({6, 9}, {9, 40}, true, false), matmul({4, 5}, {3, 5}, true, true),
        matmul({9, 4}, {9, 32}, true, false, true), stacks({2, 3, 5, 7}, {2, 3, 6, 7}, false, true),
        stacks({3, 2, 5}, {3, 5, 9}, true, false)}},
      {"gemm",
       {matmul({5, 7}, {7, 4}, false), matmul({1, 33}, {33, 37}, false),
        matmul({17, 8}, {8, 16}, false), matmul({9, 6}, {9, 20}, false, false, true),
        stacks({2, 1, 3, 4}, {5, 4, 18}, false, false),
        stacks({2, 3, 4}, {2, 4, 8}, false, false)}},
      {"pool",
       {pooled("{nhwc}", "{nhwc}",
               "max_pool2d(%x) {kernel_size = [3, 3], stride = [1, 1], padding = "
               "[1, 1, 1, 1]}",
               {2, 17, 5, 9}, {5, 9}),
        pooled("{nhwc, halo:1,0,2,1}", "{nhwc, halo:0,1,0,2}",
               "max_pool2d(%x) {kernel_size = [3, 2], stride = [2, 2], padding = [1, 0, 1, 1], "
               "ceil_mode = true}",
               {1, 20, 8, 10}, {5, 5}),
        pooled("{nhwc}", "{nchw, halo:1,1,1,1}",
               "max_pool2d(%x) {kernel_size = [2, 3], stride = [1, 3]}", {2, 5, 6, 11}, {5, 3}),
        pooled("{nhwc}", "{nhwc}",
               "avg_pool2d(%x) {kernel_size = [3, 3], stride = [2, 1], padding = [1, 1, 1, 1], "
               "count_include_pad = false}",
               {1, 16, 7, 8}, {4, 8}),
        pooled("{nhwc, halo:2,1,1,1}", "{nchw}",
               "avg_pool2d(%x) {kernel_size = [4, 2], stride = [3, 2], padding = [1, 1, 2, 0]}",
               {2, 9, 9, 6}, {3, 3}),
        pooled("{nhwc}", "{nhwc}", "avg_pool2d(%x) {kernel_size = [7, 7]}", {1, 34, 7, 7}, {1, 1}),
        pooled("{nchw}", "{nchw}", "max_pool2d(%x) {kernel_size = [2, 2], padding = [0, 1, 1, 0]}",
               {1, 4, 5, 7}, {3, 4})}},
      {"relayout",
       {copy({3, 6, 5, 7}, "{nhwc}"), copy({3, 37, 4, 4}, "{nhwc, c:16}"),
        copy({2, 20, 3, 7}, "{nChw16c}"), copy({33, 17}, "{Nc16n}"), copy({3, 9}, "{Nc4n}"),
        transposed({2, 5, 6, 7}, {0, 3, 1, 2}), transposed({2, 5, 3, 9}, {0, 2, 3, 1}),
        transposed({37, 21}, {1, 0}), transposed({3, 1, 4, 5}, {2, 3, 1, 0}),
        copy({2, 17, 3, 9}, "{nhwc, halo:1,2,0,1}")}},
      {"sums",
       {sum(ir::ops::sum, {8, 3, 4, 16}, {0, 2, 3}), sum(ir::ops::mean, {3, 37}, {1}),
        sum(ir::ops::sum, {2, 4}, {1}), sum(ir::ops::mean, {5, 150}, {0, 1})}},
      {"normalize",
       {normalized(ir::ops::softmax, {3, 2, 37}, {{"dim", int64_t{2}}}),
        normalized(ir::ops::softmax, {5}, {{"dim", int64_t{0}}}),
        normalized(ir::ops::softmax, {2, 160}, {{"dim", int64_t{1}}}),
        normalized(ir::ops::log_softmax, {4, 16}, {{"dim", int64_t{1}}}), spread({3, 21}),
        normalized(ir::ops::softmax, {37, 2}, {{"dim", int64_t{1}}}),
        normalized(ir::ops::log_softmax, {2, 5, 1, 3}, {{"dim", int64_t{3}}}), spread({19, 3})}},
      {"concat",
       {concat({2, 3, 4, 5}, 0), concat({2, 3, 4, 5}, 1), concat({2, 3, 4, 5}, 2),
        concat({2, 3, 4, 5}, 3),
        kernel(
            R"((%a: f32[2,3,4,5]{nhwc, halo:1,1,1,1} in arena+0, %b: f32[2,5,4,5]{nhwc} in arena+0) generic{} {
          %y: f32[2,8,4,5]{nhwc, halo:0,1,0,2} in arena+0 = concat(%a, %b) {dim = 1}
          return %y
        })")}},
      {"scatter",
       {scatter({7, 5}, 4, "none"), scatter({19}, 6, "none"), scatter({5, 17}, 9, "sum")}},
      {"generic",
       {convolution({1, 2, 9, 10}, {5, 2, 2, 3}, {}, {2, 3}), matmul({5, 7}, {7, 4}, false),
        sum(ir::ops::mean, {3, 37}, {1}), concat({2, 3, 4, 5}, 1),
        convolution({2, 3, 12, 11}, {5, 3, 1, 1}, {}, {12, 11}),
        kernel(R"((%x: f32[2,5,4,7]{nchw, halo:1,2,0,3} in arena+0) generic{} {
          %y: f32[2,5,4,7]{nhwc, halo:2,0,1,1} in arena+0 = tanh(%x)
          return %y
        })"),
        kernel(R"((%x: f32[1,3,7,7]{nhwc, halo:1,1,1,1} in arena+0) generic{} {
          %y: f32[1,3,3,3]{nchw, halo:1,1,1,1} in arena+0 = max_pool2d(%x) {kernel_size = [3, 3], stride = [2, 2]}
          return %y
        })")}},
  };
  return list;
}

}  // namespace linnet::codegen::sweep
