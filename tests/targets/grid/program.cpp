// Writes cases for driver.c or driver.mjs, links and runs the program, reads its answers.
#include "tests/targets/grid/program.h"

#include "base/io/file.h"
#include "tests/targets/machines.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <stdexcept>

namespace linnet::grid {
namespace {

const std::string kGrid = std::string(LINNET_SOURCE_DIR) + "/tests/targets/grid/";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
}

// The exit status of a command in the folder; its output is in `log` there.
int shell(const std::string& folder, const std::string& command) {
  write(folder + "/command", command);
  const std::string line =
      "cd '" + folder + "' && S='" LINNET_SOURCE_DIR "' sh ./command > log 2>&1";
  return std::system(line.c_str());
}

// The functions that the cases call, each once, in order of their first call.
class Functions {
public:
  explicit Functions(std::span<const Case> cases) {
    for (const Case& one : cases) {
      for (const Call& call : one.calls) {
        if (index_.try_emplace(call.function, names_.size()).second)
          names_.push_back(call.function);
      }
    }
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] size_t at(const std::string& name) const { return index_.at(name); }

private:
  std::map<std::string, size_t> index_;
  std::vector<std::string> names_;
};

std::string blob(std::span<const Case> cases, const Functions& functions) {
  std::string bytes;
  const auto number = [&](size_t value) {
    const auto word = static_cast<uint32_t>(value);
    bytes.append(reinterpret_cast<const char*>(&word), 4);
  };
  number(cases.size());
  for (const Case& one : cases) {
    number(one.regions.size());
    number(one.calls.size());
    for (const Region& region : one.regions) {
      number(region.bytes.size());
      number(region.align);
      number(region.answer);
      bytes.append(reinterpret_cast<const char*>(region.bytes.data()), region.bytes.size());
    }
    for (const Call& call : one.calls) {
      number(functions.at(call.function));
      number(call.returns);
      number(call.arguments.size());
      for (const Argument& argument : call.arguments) {
        number(argument.kind);
        number(argument.value);
        number(argument.offset);
      }
    }
  }
  return bytes;
}

// One answer; false if the file ends in it.
bool read_answer(std::string_view& from, const Case& one, Answer& answer) {
  const auto take = [&](void* to, size_t bytes) {
    if (from.size() < bytes) return false;
    std::memcpy(to, from.data(), bytes);
    from.remove_prefix(bytes);
    return true;
  };
  answer.statuses.resize(one.calls.size());
  for (int32_t& status : answer.statuses) {
    if (!take(&status, 4)) return false;
  }
  if (!take(&answer.spoilt, 4)) return false;
  for (const Region& region : one.regions) {
    if (!region.answer) continue;
    answer.regions.emplace_back(region.bytes.size());
    if (!take(answer.regions.back().data(), region.bytes.size())) return false;
  }
  return true;
}

class Program {
public:
  Program(const Place& place, std::span<const Case> cases, std::string folder)
      : place_(place), cases_(cases), functions_(cases), folder_(std::move(folder)) {}

  // "" or why not.
  std::string link() {
    std::string table = "typedef void (*Function)(void);\n", list, objects, exported;
    for (const std::string& name : functions_.names()) {
      table += fmt::format("void {}(void);\n", name);
      list += fmt::format("{},\n", name);
      exported += name + "\n";
    }
    table += "extern const Function kFunctions[];\nconst Function kFunctions[] = {" + list + "};\n";
    size_t count = 0;
    for (const Case& one : cases_) {
      for (const auto& object : one.objects) {
        const std::string name = fmt::format("o{}.o", count++);
        write(folder_ + "/" + name, {reinterpret_cast<const char*>(object.data()), object.size()});
        objects += name + "\n";
      }
    }
    if (place_.kind == Place::kNode) {
      for (const std::string& name : functions_.names())
        objects += "--export=" + name + "\n";
    }
    write(folder_ + "/table.c", table);
    write(folder_ + "/functions", exported);
    write(folder_ + "/objects", objects);
    return shell(folder_, link_line()) == 0 ? "" : "does not link: " + log();
  }

  // Runs the cases from `first` on; their answers as far as they came.
  std::string run(size_t first) {
    write(folder_ + "/cases", blob(cases_.subspan(first), functions_));
    write(folder_ + "/answers", "");
    status_ = shell(folder_, run_line());
    return text_of(folder_ + "/answers");
  }

  [[nodiscard]] std::string end() const {
    return fmt::format("the program ended with status {}: {}", status_, log());
  }

private:
  [[nodiscard]] std::string log() const { return text_of(folder_ + "/log").substr(0, 600); }
  [[nodiscard]] std::string link_line() const {
    if (place_.kind == Place::kNode)
      return "wasm-ld-22 --no-entry --export=__heap_base -z stack-size=1048576 -o program @objects";
    const char* driver = place_.kind == Place::kBoard ? "board.c" : "linux.c";
    return machine(place_.machine)
        .link(fmt::format("-DGRID_MEMORY={} {}driver.c {}{} table.c @objects", place_.memory(),
                          kGrid, kGrid, driver));
  }
  [[nodiscard]] std::string run_line() const {
    if (place_.kind == Place::kNode) return "node " + kGrid + "driver.mjs program functions";
    return machine(place_.machine).run();
  }

  const Place& place_;
  std::span<const Case> cases_;
  Functions functions_;
  std::string folder_;
  int status_ = 0;
};

// What is wrong with a case's answers, of which there are as many as placements.
std::string judged(const Case& one, const std::vector<Answer>& answers) {
  for (const Answer& answer : answers) {
    if (answer.spoilt >= 0) return fmt::format("wrote around region {}", answer.spoilt);
    std::string fault = one.fault(answer);
    if (!fault.empty()) return fault;
  }
  return "";
}

void run_program(const Place& place, std::span<const Case> cases, const std::string& folder,
                 std::vector<std::string>& faults) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  Program program(place, cases, folder);
  if (const std::string unlinked = program.link(); !unlinked.empty()) {
    const size_t half = cases.size() / 2;
    if (half == 0) {
      faults.push_back(unlinked);
      return;
    }
    // Which of them does not?
    run_program(place, cases.first(half), folder, faults);
    run_program(place, cases.subspan(half), folder, faults);
    return;
  }
  const size_t placements = place.kind == Place::kLinux ? 2 : 1;
  for (size_t i = 0; i < cases.size();) {
    const std::string bytes = program.run(i);
    std::string_view left = bytes;
    for (; i < cases.size(); ++i) {
      std::vector<Answer> answers(placements);
      bool whole = true;
      for (Answer& answer : answers)
        whole = whole && read_answer(left, cases[i], answer);
      faults.push_back(whole ? judged(cases[i], answers) : program.end());
      if (whole) continue;
      ++i;
      break;
    }
  }
}

}  // namespace

Argument Case::region(std::vector<std::byte> bytes, size_t align, bool answer) {
  regions.push_back({std::move(bytes), align, answer});
  return {Argument::kRegion, static_cast<uint32_t>(regions.size() - 1), 0};
}

size_t Case::code() const {
  size_t bytes = 0;
  for (const auto& object : objects)
    bytes += object.size();
  return bytes;
}

size_t Case::memory() const {
  size_t bytes = 0;
  for (const Region& region : regions)
    bytes += region.bytes.size() + 256;
  return bytes;
}

std::vector<std::string> run(const Place& place, const std::vector<Case>& cases,
                             const std::string& folder) {
  std::vector<std::string> faults;
  for (size_t first = 0; first < cases.size();) {
    size_t end = first + 1, bytes = cases[first].code();
    while (end < cases.size() && bytes + cases[end].code() <= place.code())
      bytes += cases[end++].code();
    run_program(place, std::span(cases).subspan(first, end - first), folder, faults);
    first = end;
  }
  return faults;
}

}  // namespace linnet::grid
