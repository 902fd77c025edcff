// Tables of what people bring from PyTorch, Keras and Python.
#include "frontend/lin/foreign.h"

#include <algorithm>
#include <array>

namespace linnet::frontend {
namespace {

struct Foreign {
  std::string_view theirs, ours;
};

// PyTorch's modules and functions, Keras' layers.
constexpr std::array kCallees = std::to_array<Foreign>({
    {"Linear", "linear"},
    {"Dense", "linear"},
    {"dense", "linear"},
    {"fc", "linear"},
    {"Conv1d", "conv1d"},
    {"Conv1D", "conv1d"},
    {"Conv2d", "conv2d"},
    {"Conv2D", "conv2d"},
    {"conv", "conv2d"},
    {"MaxPool2d", "max_pool2d"},
    {"MaxPooling2D", "max_pool2d"},
    {"maxpool", "max_pool2d"},
    {"AvgPool2d", "avg_pool2d"},
    {"AveragePooling2D", "avg_pool2d"},
    {"AdaptiveAvgPool2d", "global_avg_pool2d"},
    {"GlobalAveragePooling2D", "global_avg_pool2d"},
    {"AdaptiveMaxPool2d", "global_max_pool2d"},
    {"GlobalMaxPooling2D", "global_max_pool2d"},
    {"BatchNorm2d", "batch_norm2d"},
    {"BatchNormalization", "batch_norm2d"},
    {"LayerNorm", "layer_norm"},
    {"LayerNormalization", "layer_norm"},
    {"Embedding", "embedding"},
    {"MultiheadAttention", "multi_head_attention"},
    {"MultiHeadAttention", "multi_head_attention"},
    {"Dropout", "dropout"},
    {"Flatten", "flatten"},
    {"ReLU", "relu"},
    {"Sigmoid", "sigmoid"},
    {"Tanh", "tanh"},
    {"Softmax", "softmax"},
    {"LogSoftmax", "log_softmax"},
    {"GELU", "gelu"},
    {"ELU", "elu"},
    {"SiLU", "silu"},
    {"LeakyReLU", "leaky_relu"},
    {"Hardsigmoid", "hard_sigmoid"},
    {"Hardswish", "hard_swish"},
    {"RNNCell", "rnn_cell"},
    {"GRUCell", "gru_cell"},
    {"LSTMCell", "lstm_cell"},
    {"max", "maximum"},
    {"min", "minimum"},
    {"view", "reshape"},
    {"permute", "transpose"},
    {"cat", "concat"},
    {"concatenate", "concat"},
    {"clamp", "clip"},
    {"power", "pow"},
    {"Identity", "dropout(0)"},
});
constexpr std::array kSettings = std::to_array<Foreign>({
    {"kernel", "kernel_size"},
    {"filters", "out_channels"},
    {"units", "out_features"},
    {"strides", "stride"},
    {"pool_size", "kernel_size"},
    {"use_bias", "bias"},
    {"rate", "p"},
    {"pad", "padding"},
    {"dilation_rate", "dilation"},
    {"axis", "dim"},
    {"keepdims", "keepdim"},
    {"epsilon", "eps"},
    {"kernel_shape", "kernel_size"},
    {"pads", "padding"},
    {"group", "groups"},
    {"alpha", "negative_slope"},
    {"input_dim", "num_embeddings"},
    {"output_dim", "embedding_dim"},
});

constexpr std::array<std::string_view, 3> kLinear = {"in_features", "out_features", "bias"};
constexpr std::array<std::string_view, 8> kConv = {"in_channels", "out_channels", "kernel_size",
                                                   "stride",      "padding",      "dilation",
                                                   "groups",      "bias"};
constexpr std::array<std::string_view, 3> kCausal = {"in_channels", "out_channels", "kernel_size"};
constexpr std::array<std::string_view, 3> kBatchNorm = {"num_features", "eps", "momentum"};
constexpr std::array<std::string_view, 3> kCell = {"input_size", "hidden_size", "bias"};
constexpr std::array<std::string_view, 4> kAttention = {"embed_dim", "num_heads", "dropout",
                                                        "bias"};
const std::array<TorchSignature, 9> kSignatures = {{{"linear", kLinear, 1, 2},
                                                    {"conv1d", kConv, 1, 3},
                                                    {"conv2d", kConv, 1, 3},
                                                    {"causal_conv1d", kCausal, 1, 3},
                                                    {"batch_norm2d", kBatchNorm, 1, 1},
                                                    {"rnn_cell", kCell, 1, 2},
                                                    {"gru_cell", kCell, 1, 2},
                                                    {"lstm_cell", kCell, 1, 2},
                                                    {"multi_head_attention", kAttention, 1, 2}}};

constexpr std::string_view kModelForm = "model net(x: f32[N, 784]) -> y: f32[N, 10] { … }";
constexpr std::array kWords = std::to_array<ForeignWord>({
    {"return", "the last expression is the result; there is no `return`",
     "leave the word out; (a, b) for several results"},
    {"import", "nothing is imported: the layers and ops are there (docs/ops.md lists them)",
     "leave the line out"},
    {"from", "nothing is imported: the layers and ops are there (docs/ops.md lists them)",
     "leave the line out"},
    {"def", "a model or block is no function of Python", kModelForm},
    {"class", "a model or block is no class of Python", kModelForm},
    {"fn", "a model or block begins with its own word", kModelForm},
    {"func", "a model or block begins with its own word", kModelForm},
    {"function", "a model or block begins with its own word", kModelForm},
    {"elif", "`elif` is written `else if`", "if c { … } else if d { … }"},
    {"lambda", "there is no `lambda`; a block is a function with a name",
     "block f(x: f32[...]) -> f32[...] { … }"},
    {"pass", "an empty block is written {}", ""},
    {"var", "a definition begins with `let`", "let y = …"},
    {"const", "a definition begins with `let`", "let y = …"},
    {"for", "there is no loop that depends on data: a model is a fixed graph",
     "repeat a part with `repeat i in 0..n { … }` over settings"},
    {"while", "there is no loop that depends on data: a model is a fixed graph",
     "repeat a part with `repeat i in 0..n { … }` over settings"},
});

template <size_t n>
std::string_view translated(const std::array<Foreign, n>& table, std::string_view name) {
  const auto row = std::ranges::find(table, name, &Foreign::theirs);
  return row == table.end() ? "" : row->ours;
}

}  // namespace

std::string_view our_callee(std::string_view name) {
  return translated(kCallees, name.substr(name.rfind('.') + 1));
}

std::string_view our_setting(std::string_view name) {
  return translated(kSettings, name);
}

const TorchSignature* torch_signature(std::string_view layer) {
  const auto row = std::ranges::find(kSignatures, layer, &TorchSignature::layer);
  return row == kSignatures.end() ? nullptr : &*row;
}

ForeignWord foreign_word(std::string_view word) {
  const auto row = std::ranges::find(kWords, word, &ForeignWord::word);
  return row == kWords.end() ? ForeignWord{} : *row;
}

}  // namespace linnet::frontend
