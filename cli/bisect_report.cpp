// Files, command and lines of what bisect found.
#include "cli/bisect_report.h"

#include "base/io/npy.h"
#include "codegen/cache/workers.h"
#include "frontend/load.h"
#include "ir/builder.h"
#include "ir/entries.h"
#include "support/json_text.h"
#include "support/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace linnet::cli {
namespace {

using driver::BisectAnswer;
using Words = std::vector<std::string>;
using Guilty = BisectAnswer::Guilty;

// The status with which `linnet …` ends, in a process of its own and unheard; -1 if it dies.
int status_of(const Words& words) {
  const auto result = codegen::run_forked(1, 1, [&](size_t) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) {
      dup2(nowhere, STDOUT_FILENO);
      dup2(nowhere, STDERR_FILENO);
    }
    std::vector<const char*> arguments;
    for (const std::string& word : words)
      arguments.push_back(word.c_str());
    return std::to_string(run_main(static_cast<int>(arguments.size()), arguments.data()));
  });
  return result.front().ok ? std::stoi(result.front().output) : -1;
}

// A kernel as a model: a group with the kernel's schedule, ahead of the choice of layouts.
ir::Module as_model(const ir::Module& kernels) {
  const ir::Graph& kernel = kernels.kernels.front();
  ir::Module module;
  module.name = kernels.name;
  ir::Graph entry;
  entry.name = ir::kPredict;
  std::vector<ir::ValueId> operands;
  std::vector<std::string> names;
  for (const ir::GraphInput& input : kernel.inputs) {
    const ir::Value& value = kernel.value(input.value);
    operands.push_back(entry.add_input(value.name, {value.type.dtype, value.type.shape, {}}));
  }
  for (const ir::GraphOutput& output : kernel.outputs)
    names.push_back(output.name);
  ir::Graph body = kernel;
  body.schedule.reset();
  for (size_t i = 0; i < body.values().size(); ++i) {
    ir::Value& value = body.value(ir::ValueId{static_cast<int32_t>(i)});
    value.storage.reset();
    value.type.layout = {};
  }
  const auto results = ir::Builder(entry)
                           .at(kernel.nodes().front().place)
                           .group(std::move(body), operands, kernel.schedule, names);
  for (size_t i = 0; i < results.size(); ++i)
    entry.outputs.push_back({names[i], results[i], ""});
  module.graphs.push_back(std::move(entry));
  return module;
}

class Files {
public:
  Files(Session& session, const BisectReport& report, BisectAnswer& answer)
      : session_(session), report_(report), answer_(answer) {}

  // False, with an error, if a file cannot be written.
  bool write() {
    const std::string& file = report_.output;
    if (answer_.any_inputs) {
      if (!save(answer_.small.module)) return false;
      if (answer_.guilty == Guilty::kPass) {
        std::string list;
        for (const std::string& pass : answer_.passes)
          list += (list.empty() ? "" : ",") + pass;
        return try_command({"linnet", "opt", file, "--passes=" + list, "--check-passes"});
      }
      if (answer_.guilty != Guilty::kEntry) return try_command({"linnet", "kernel", file});
      return try_command({"linnet", "bisect", file, "--no-small"});
    }
    driver::Sample small = answer_.small;
    if (small.module.graphs.empty()) small.module = as_model(small.module);
    if (!save(small.module)) return false;
    Words words{"linnet", "bisect", file, "--no-small"};
    size_t next = 0;
    for (const ir::GraphInput& input : small.subject().inputs) {
      if (!input.slot.empty()) continue;
      const ir::Tensor& tensor = small.inputs[next];
      const std::string path = fmt::format("{}.{}.npy", file, next);
      const auto done =
          write_npy(path, tensor.type().dtype, tensor.type().shape, tensor.bytes().data());
      if (!done) {
        session_.error(done.error().message, Status::kMachine);
        return false;
      }
      words.push_back("--input");
      words.push_back(fmt::format("@{}={}", next++, path));
    }
    return try_command(std::move(words));
  }

  // The command that was seen to show the fault, or "".
  [[nodiscard]] const std::string& command() const { return command_; }

private:
  bool save(const ir::Module& module) {
    return frontend::save_lir(report_.output, module, session_.diagnostics);
  }

  bool try_command(Words words) {
    if (report_.target) words.insert(words.end(), {"--target", *report_.target});
    if (report_.seed != 0 && words[1] != "kernel")
      words.insert(words.end(), {"--seed", std::to_string(report_.seed)});
    const bool by_bisect = words[1] == "bisect";
    if (by_bisect) words.insert(words.end(), {"--tolerance", fmt::format("{}", report_.tolerance)});
    const int status = status_of(words);
    const bool shown = by_bisect ? status == exit_code(Status::kBadInput)
                                 : status == -1 || status == exit_code(Status::kBug);
    if (shown) command_ = shell_line(words);
    return true;
  }

  Session& session_;
  const BisectReport& report_;
  BisectAnswer& answer_;
  std::string command_;
};

void print_json(const Session& session, const BisectAnswer& answer, const std::string& file,
                const std::string& command) {
  nlohmann::ordered_json json = {{"guilty", driver::name(answer.guilty)}};
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) json[key] = text;
  };
  add("fault", answer.fault);
  add("inputs", answer.inputs);
  add("pass", answer.pass);
  if (answer.rewrites != 0) json["pass_limit"] = answer.rewrites;
  add("rewrite", answer.rewrite);
  add("kernel", answer.kernel);
  add("schedule", answer.schedule);
  add("right_schedule", answer.right_schedule);
  add("op", answer.op);
  add("place", place_text(session.sources, answer.place.diag()));
  add("file", file);
  if (!file.empty()) json["nodes"] = answer.nodes;
  add("command", command);
  fmt::print("{}\n", json_text(json));
}

void print_text(const Session& session, const BisectAnswer& answer, const std::string& file,
                const std::string& command) {
  fmt::print("fault      {}{}\n", answer.fault,
             answer.inputs.empty() ? "" : ", inputs " + answer.inputs);
  fmt::print("guilty     {}\n", driver::guilty_text(answer));
  const std::string place = place_text(session.sources, answer.place.diag());
  if (!place.empty()) fmt::print("place      {}\n", place);
  if (file.empty()) return;
  fmt::print("small      {}, {} node{}\n", file, answer.nodes, answer.nodes == 1 ? "" : "s");
  fmt::print("reproduce  {}\n",
             command.empty() ? "no single command shows it: it needs what ran before" : command);
}

}  // namespace

Status give(Session& session, const BisectReport& report, BisectAnswer answer) {
  if (answer.guilty == Guilty::kNobody) {
    session.progress.hide();
    if (report.json) {
      fmt::print("{}\n",
                 json_text(nlohmann::ordered_json{{"guilty", driver::name(answer.guilty)}}));
    } else {
      std::fputs("no fault found: compiled code and every pass agree with what is expected\n",
                 stdout);
    }
    return Status::kDone;
  }
  Files files(session, report, answer);
  std::string file;
  if (answer.nodes > 0) {
    if (!files.write()) return Status::kMachine;
    file = report.output;
  }
  session.progress.hide();
  report.json ? print_json(session, answer, file, files.command())
              : print_text(session, answer, file, files.command());
  return Status::kBadInput;
}

}  // namespace linnet::cli
