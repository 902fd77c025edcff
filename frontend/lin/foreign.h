// Names and forms that people bring from PyTorch, Keras and Python, and what they are here.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace linnet::frontend {

// What a module, layer or function of that name (`Conv2d`, `nn.Linear`, `torch.relu`) is called
// here; "" where nothing corresponds.
[[nodiscard]] std::string_view our_callee(std::string_view name);
// What a setting of that name (`filters`, `axis`) is called here, or "".
[[nodiscard]] std::string_view our_setting(std::string_view name);

// The parameters of PyTorch's module in its order. The first `implied` say what the layer here
// knows from its value, and are not given; `required` have no default.
struct TorchSignature {
  std::string_view layer;
  std::span<const std::string_view> parameters;
  size_t implied = 0;
  size_t required = 0;
};
[[nodiscard]] const TorchSignature* torch_signature(std::string_view layer);

// What to say where an entry begins with a word of Python (`return`, `import`, `def`, `class`):
// message and remedy; both "" for any other word.
struct ForeignWord {
  std::string_view word, message, remedy;
};
[[nodiscard]] ForeignWord foreign_word(std::string_view word);

}  // namespace linnet::frontend
