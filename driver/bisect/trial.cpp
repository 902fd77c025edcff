// A try in a forked child: a compiler that crashes does not take the search with it.
#include "driver/bisect/trial.h"

#include "codegen/cache/workers.h"
#include "support/check.h"

#include <fmt/format.h>

#include <cctype>
#include <sys/mman.h>

namespace linnet::driver {
namespace {

// What a child says: the kind, the index and a blank, the text; one byte if there is nothing.
constexpr char kNothing = '.';

std::string packed(const std::optional<Fault>& fault) {
  if (!fault) return std::string(1, kNothing);
  return fmt::format("{}{} {}", static_cast<int>(fault->kind), fault->at, fault->text);
}

std::optional<Fault> unpacked(const std::string& bytes) {
  if (bytes.front() == kNothing) return std::nullopt;
  const size_t blank = bytes.find(' ');
  return Fault{static_cast<Fault::Kind>(bytes.front() - '0'), bytes.substr(blank + 1),
               std::stoul(bytes.substr(1, blank - 1))};
}

// The text up to its first colon without numbers and what %, @ or ' name.
std::string gist(const std::string& text) {
  std::string result;
  bool name = false;
  for (const char c : text) {
    if (c == ':') break;
    if (c == '%' || c == '@' || c == '\'') name = true;
    if (c == ' ') name = false;
    if (!name && !std::isdigit(static_cast<unsigned char>(c))) result += c;
  }
  return result;
}

}  // namespace

std::optional<Fault> attempt(const std::function<std::optional<Fault>()>& trial) {
  const auto result = codegen::run_forked(1, 1, [&](size_t) { return packed(trial()); }).front();
  if (result.ok) return unpacked(result.output);
  const bool died = result.output.starts_with("died") || result.output.starts_with("timed out") ||
                    result.output.starts_with("ended");
  return Fault{died ? Fault::Kind::kDied : Fault::Kind::kFailed, result.output, 0};
}

bool alike(const Fault& a, const Fault& b) {
  return a.kind == b.kind && (a.kind == Fault::Kind::kValues || gist(a.text) == gist(b.text));
}

SharedIndex::SharedIndex() {
  void* memory =
      mmap(nullptr, sizeof(size_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  LINNET_CHECK(memory != MAP_FAILED, "no page of shared memory");
  value_ = static_cast<volatile size_t*>(memory);
  *value_ = 0;
}

SharedIndex::~SharedIndex() {
  munmap(const_cast<size_t*>(value_), sizeof(size_t));
}

}  // namespace linnet::driver
