// Models, streams and calls, with the answers of this machine.
#include "base/abi/model.h"
#include "base/philox.h"
#include "tests/targets/grid/cases.h"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <regex>
#include <unistd.h>

namespace linnet::grid {
namespace {

std::optional<driver::Product> build(const Network& network, const codegen::Target& target,
                                     bool product) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const driver::Host host{sources, diagnostics};
  driver::ModelOptions options;
  const std::string models = std::string(LINNET_SOURCE_DIR) + "/models/";
  options.path = models + network.name + ".lin";
  if (!network.weights.empty()) options.weights = models + "data/" + network.weights;
  auto model = driver::Model::open(options, host);
  driver::CompileOptions compile;
  compile.product = product;
  compile.no_cache = true;
  compile.name = network.name;
  std::optional<driver::Product> made;
  if (model) made = driver::compile(*model, target, compile, host);
  if (!made) ADD_FAILURE() << network.name << ": " << diagnostics.text();
  return made;
}

// The target that gives the same bits here: with fused multiply-adds or without.
codegen::Target here(const codegen::Target& target) {
  codegen::Target twin =
      codegen::find_target(target.info.fma || target.exact_fma ? "x86-64-v3" : "x86-64-v2").target;
  const std::string name = twin.info.name;
  const bool fma = twin.info.fma;
  twin.info = target.info;
  twin.info.name = name;
  twin.info.fma = fma;
  return twin;
}

// A model for the target, and loaded here.
struct Pair {
  std::optional<driver::Product> there, twin;
  std::unique_ptr<codegen::Loaded> loaded;
  const linnet_model_v1* model = nullptr;

  Pair(const Network& network, const codegen::Target& target)
      : there(build(network, target, false)), twin(build(network, here(target), true)) {
    if (!there || !twin) return;
    auto code = codegen::load(twin->compiled);
    EXPECT_TRUE(code.has_value());
    if (!code) return;
    loaded = *std::move(code);
    model = static_cast<const linnet_model_v1*>(loaded->symbol("linnet_product_model"));
  }
};

std::vector<std::byte> random_floats(size_t count, uint32_t stream) {
  std::vector<std::byte> bytes(count * 4);
  for (size_t i = 0; i < count; ++i) {
    const float value = philox_uniform_f32(1, stream, 3, i);
    std::memcpy(bytes.data() + i * 4, &value, 4);
  }
  return bytes;
}

size_t elements(const linnet_port_v1& port) {
  int64_t count = 1;
  for (int64_t i = 0; i < port.rank; ++i)
    count *= port.dims[i];
  return static_cast<size_t>(count);
}

std::byte* aligned(std::vector<std::byte>& memory, size_t bytes) {
  memory.resize(bytes + 64);
  const auto at = reinterpret_cast<uintptr_t>(memory.data());
  return memory.data() + ((at + 63) / 64 * 64 - at);
}

// What the model answers here.
std::vector<std::byte> expected(const linnet_model_v1& model,
                                const std::vector<std::vector<std::byte>>& inputs) {
  std::vector<const void*> from;
  for (const auto& input : inputs)
    from.push_back(input.data());
  std::vector<std::byte> output(elements(model.outputs[0]) * 4), arena;
  void* to = output.data();
  const linnet_entry_v1& entry = model.entries[model.entry_count - 1];
  EXPECT_EQ(
      entry.call(from.data(), &to, nullptr, aligned(arena, static_cast<size_t>(entry.arena_bytes))),
      0);
  return output;
}

std::string difference(const std::vector<std::byte>& got, const std::vector<std::byte>& wanted) {
  for (size_t i = 0; i + 4 <= wanted.size(); i += 4) {
    float a = 0, b = 0;
    std::memcpy(&a, got.data() + i, 4);
    std::memcpy(&b, wanted.data() + i, 4);
    if (std::memcmp(&a, &b, 4) != 0)
      return fmt::format("element {} is {:.9g}, here {:.9g}", i / 4, a, b);
  }
  return "";
}

// The output of a tool of LLVM for an object.
std::string tool(const std::string& command, const std::vector<std::byte>& object) {
  char path[] = "/tmp/linnet.XXXXXX";
  const int file = mkstemp(path);
  EXPECT_EQ(write(file, object.data(), object.size()), static_cast<ssize_t>(object.size()));
  close(file);
  std::string text;
  FILE* pipe = popen(("/usr/lib/llvm-22/bin/" + command + " " + path).c_str(), "r");
  char line[4096];
  while (pipe && std::fgets(line, sizeof line, pipe))
    text += line;
  EXPECT_EQ(pipe ? pclose(pipe) : -1, 0) << command;
  unlink(path);
  EXPECT_FALSE(text.empty()) << command;
  return text;
}

// What an object has that a call may not: functions of others, memory of its own, system calls,
// locks.
std::string forbidden(const std::vector<std::byte>& object, const codegen::Target& target) {
  // Not .data.rel.ro, addresses that the loader fills in.
  static const std::regex kForeign(R"((?:^|\n)(\S+) U )"),
      kWritable(R"(\s(\.s?(?:data|bss)(?!\.rel\.ro)\S*)\s+0*[1-9a-f])"),
      kSystem(R"(\t(svc|ecall|hvc|swi|ldaxr|ldxr|stxr|ldrex|strex|lr\.\w+|amo\w+|cas\w*)\s)");
  const std::string names = tool("llvm-nm --format=posix", object);
  for (std::sregex_iterator i(names.begin(), names.end(), kForeign), end; i != end; ++i) {
    const std::string name = (*i)[1];
    // LLVM's name of memset with zeros, and of f64 on a chip that has none: libgcc's.
    static const std::regex kDoubles("__aeabi_(d\\w+|\\w+2d)");
    if (std::regex_match(name, kDoubles)) continue;
    if (name != "memset" && !name.starts_with("__aeabi_memclr") && !name.ends_with("_constants") &&
        name != "__stack_pointer" && name != "__indirect_function_table")
      return "calls " + name;
  }
  std::smatch found;
  if (target.record.format != codegen::ObjectFormat::kWasm) {
    const std::string sections = tool("llvm-objdump -h", object);
    if (std::regex_search(sections, found, kWritable))
      return fmt::format("has memory of its own: {}", found[1].str());
  }
  const std::string code = tool("llvm-objdump -d --no-show-raw-insn", object);
  if (std::regex_search(code, found, kSystem)) return fmt::format("has {}", found[1].str());
  return "";
}

}  // namespace

codegen::Target target_of(const std::string& target, const std::string& like, bool exact) {
  codegen::Target found = codegen::find_target(target).target;
  found.exact_fma = exact;
  if (like.empty()) return found;
  passes::TargetInfo info = codegen::find_target(like).target.info;
  info.name = found.info.name;
  info.fma = found.info.fma;
  found.info = info;
  return found;
}

std::string hash(const std::vector<std::byte>& bytes) {
  uint64_t value = 1469598103934665603U;
  for (std::byte byte : bytes)
    value = (value ^ static_cast<uint64_t>(byte)) * 1099511628211U;
  return fmt::format("{:016x}", value);
}

Case model_case(const Network& network, const codegen::Target& target) {
  Case made;
  made.name = network.name;
  Pair pair(network, target);
  if (!pair.model) return made;
  std::vector<std::vector<std::byte>> wanted;
  for (uint32_t turn = 0; turn < 2; ++turn) {
    Call call{.function = network.name + "_run", .arguments = {}, .returns = true};
    std::vector<std::vector<std::byte>> inputs;
    for (int64_t i = 0; i < pair.model->input_count; ++i) {
      inputs.push_back(
          random_floats(elements(pair.model->inputs[i]), turn * 8 + static_cast<uint32_t>(i)));
      call.arguments.push_back(made.region(inputs.back(), 4));
    }
    wanted.push_back(expected(*pair.model, inputs));
    call.arguments.push_back(
        made.region(std::vector<std::byte>(wanted.back().size(), std::byte{0xa5}), 4, true));
    call.arguments.push_back(made.region(signalling_nans(pair.there->compiled.arena_bytes), 64));
    made.calls.push_back(std::move(call));
  }
  made.objects = objects_of(std::move(pair.there->compiled));
  made.fault = [wanted](const Answer& answer) -> std::string {
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (answer.statuses[i] != 0) return fmt::format("call {} returned {}", i, answer.statuses[i]);
      std::string fault = difference(answer.regions[i], wanted[i]);
      if (!fault.empty()) return fmt::format("call {}: {}", i, fault);
    }
    return "";
  };
  return made;
}

Case stream_case(const Network& network, const codegen::Target& target) {
  constexpr uint32_t kSteps = 40;
  Case made;
  made.name = network.name;
  Pair pair(network, target);
  if (!pair.model || !pair.model->stream) return made;
  const codegen::Compiled& compiled = pair.there->compiled;
  const linnet_stream_v1& stream = *pair.model->stream;
  const auto input = random_floats(kSteps, 7);

  std::vector<std::byte> state, arena, wanted(kSteps * 4);
  std::byte* const host_state = aligned(state, static_cast<size_t>(stream.state_bytes));
  stream.reset(host_state);
  const void* from = input.data();
  void* to = wanted.data();
  EXPECT_EQ(stream.steps(&from, &to, kSteps, host_state,
                         aligned(arena, static_cast<size_t>(stream.arena_bytes))),
            0);

  const Argument x = made.region(input, 4);
  Argument y[4], states[4], arenas[2];
  for (Argument& one : y)
    one = made.region(std::vector<std::byte>(kSteps * 4, std::byte{0xa5}), 4, true);
  for (Argument& one : states)
    one = made.region(signalling_nans(compiled.state_bytes), 64);
  for (Argument& one : arenas)
    one = made.region(signalling_nans(compiled.step_arena_bytes), 64);
  const auto call = [&](const std::string& entry, std::vector<Argument> arguments) {
    made.calls.push_back({network.name + entry, std::move(arguments), entry != "_reset"});
  };
  const auto at = [](Argument region, uint32_t step) {
    region.offset += step * 4;
    return region;
  };
  for (const Argument& one : states)
    call("_reset", {one});
  for (uint32_t i = 0; i < kSteps; ++i)
    call("_step", {at(x, i), at(y[0], i), states[0], arenas[0]});
  call("_steps", {x, y[1], {Argument::kNumber, kSteps, 0}, states[1], arenas[0]});
  for (uint32_t i = 0; i < kSteps; ++i) {
    call("_step", {at(x, i), at(y[2], i), states[2], arenas[0]});
    call("_step", {at(x, i), at(y[3], i), states[3], arenas[1]});
  }
  call("_state_check", {states[0]});
  made.objects = objects_of(std::move(pair.there->compiled));
  made.fault = [wanted](const Answer& answer) -> std::string {
    for (size_t i = 0; i < answer.statuses.size(); ++i) {
      if (answer.statuses[i] != 0) return fmt::format("call {} returned {}", i, answer.statuses[i]);
    }
    static const char* const kHow[] = {"single steps", "a block", "the first of two streams",
                                       "the second of two streams"};
    for (size_t i = 0; i < answer.regions.size(); ++i) {
      std::string fault = difference(answer.regions[i], wanted);
      if (!fault.empty()) return fmt::format("{}: {}", kHow[i], fault);
    }
    return "";
  };
  return made;
}

Case call_case(const Network& network, const codegen::Target& target) {
  Case made;
  made.name = network.name;
  Pair pair(network, target);
  if (!pair.model) return made;
  const codegen::Compiled& compiled = pair.there->compiled;
  const auto input = random_floats(elements(pair.model->inputs[0]), 9);
  const auto wanted = expected(*pair.model, {input});
  std::vector<int32_t> statuses;
  const Argument arena = made.region(signalling_nans(compiled.arena_bytes + 64), 64);
  const Argument other = made.region(signalling_nans(compiled.arena_bytes), 64);
  const auto shifted = [&](const std::vector<std::byte>& bytes, uint32_t offset, bool answer) {
    std::vector<std::byte> room(offset, std::byte{0});
    room.insert(room.end(), bytes.begin(), bytes.end());
    Argument argument = made.region(std::move(room), 4, answer);
    argument.offset = offset;
    return argument;
  };
  const auto call = [&](uint32_t offset, Argument with, int32_t status) {
    made.calls.push_back({network.name + "_run",
                          {shifted(input, offset, false), shifted(wanted, offset, false), with},
                          true});
    statuses.push_back(status);
  };
  // Of a model that needs no arena, none is bad.
  const bool needed = compiled.arena_bytes > 0;
  call(0, {Argument::kNumber, 0, 0}, needed ? LINNET_ARENA_NULL : LINNET_DONE);
  call(0, {Argument::kRegion, arena.value, 32}, needed ? LINNET_ARENA_MISALIGNED : LINNET_DONE);
  std::vector<uint32_t> offsets;
  for (uint32_t offset = 0; offset < 64; offset += 12) {
    offsets.push_back(offset);
    const std::vector<std::byte> blank(wanted.size(), std::byte{0xa5});
    made.calls.push_back({network.name + "_run",
                          {shifted(input, offset, false), shifted(blank, offset, true),
                           offset % 24 == 0 ? arena : other},
                          true});
    statuses.push_back(LINNET_DONE);
  }
  const std::string fault = forbidden(compiled.object, target);
  made.objects = objects_of(std::move(pair.there->compiled));
  made.fault = [=](const Answer& answer) -> std::string {
    if (!fault.empty()) return fault;
    if (answer.statuses != statuses)
      return fmt::format("statuses are {}, not {}", fmt::join(answer.statuses, " "),
                         fmt::join(statuses, " "));
    for (size_t i = 0; i < offsets.size(); ++i) {
      const std::vector<std::byte> got(answer.regions[i].begin() + offsets[i],
                                       answer.regions[i].end());
      std::string different = difference(got, wanted);
      if (!different.empty()) return fmt::format("{} bytes off: {}", offsets[i], different);
    }
    return "";
  };
  return made;
}

}  // namespace linnet::grid
