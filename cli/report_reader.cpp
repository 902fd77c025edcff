// Reads the data of a report back, and looks at every type and index of what is taken.
#include "cli/report_reader.h"

#include "cli/report.h"

#include "base/io/file.h"
#include "passes/lib/kernel_names.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>

namespace linnet::cli {
namespace {

// Not the ordered one, which copies members while an object grows: by recursion, and so a file
// with deep brackets would end the process.
using Json = nlohmann::json;

constexpr int64_t kForm = 1;  // "schema"
// Of what is copied for each mention of it, so that a small file cannot ask for all memory.
constexpr size_t kMostCopied = size_t{1} << 29;

// What get() does not look at: it takes the integer of 1.5, the number of true.
int64_t integer(const Json& json) {
  const int64_t value = json.is_number_integer() ? json.get<int64_t>() : -1;  // 2^64 - 1: -1 too
  if (value < 0 || value > kMostInteger)
    throw std::out_of_range("an integer from 0 to 2^53 is expected");
  return value;
}
int64_t integer(const Json& json, const char* key) {
  return integer(json.at(key));
}
std::string text(const Json& json, const char* key) {
  return json.at(key).get<std::string>();
}
double number(const Json& json) {
  if (!json.is_number()) throw std::out_of_range("a number is expected");
  return json.get<double>();
}
// Of what may be null.
std::optional<double> number_or_null(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(number(json));
}
// To be walked over: a loop takes a text for a list of one, null for a list of none.
const Json& list_in(const Json& json) {
  if (!json.is_array()) throw std::out_of_range("a list is expected");
  return json;
}
const Json& list_in(const Json& json, const char* key) {
  return list_in(json.at(key));
}
std::vector<std::string> texts(const Json& json) {
  std::vector<std::string> list;
  for (const Json& one : list_in(json))
    list.push_back(one.get<std::string>());
  return list;
}
size_t index(const Json& json, size_t size) {
  const auto at = static_cast<size_t>(integer(json));
  if (at >= size) throw std::out_of_range("a wrong index");
  return at;
}
std::vector<size_t> indices(const Json& json, size_t size) {
  std::vector<size_t> list;
  for (const Json& one : list_in(json))
    list.push_back(index(one, size));
  return list;
}

// Without the model's name before its symbols, so that models of two names may have equal code.
std::string without_prefix(const std::string& assembly, const std::string& prefix) {
  if (prefix.empty()) return assembly;
  std::string result;
  size_t at = 0;
  for (size_t next = 0; (next = assembly.find(prefix, at)) != std::string::npos;) {
    const bool begins =
        next == 0 || (std::isalnum(static_cast<unsigned char>(assembly[next - 1])) == 0 &&
                      assembly[next - 1] != '_');
    result.append(assembly, at, next - at + (begins ? 0 : prefix.size()));
    at = next + prefix.size();
  }
  return result.append(assembly, at);
}

class Reader {
public:
  explicit Reader(const Json& json) : json_(json), pool_(json.at("pool")) {}

  ReadReport read() {
    add_head();
    const Json& sources = list_in(json_, "sources");
    for (const Json& place : list_in(json_, "places"))
      report_.places.push_back(copied(place_text(place, sources)));
    read_pool();
    const Json& imported = list_in(json_, "steps").at(0);
    report_.head = texts(imported.at("head"));
    for (const Json& graph : list_in(imported, "graphs"))
      report_.graphs.push_back(graph_of(graph));
    for (const Json& step : json_["steps"])
      add_step(step);
    for (const Json& kernel : list_in(json_, "kernels"))
      add_kernel(kernel);
    for (const Json& call : list_in(json_, "calls"))
      add_call(call);
    const Json& memory = json_.at("memory");
    report_.memory = {integer(memory, "arena_bytes"), integer(memory, "stack_bytes"),
                      integer(memory, "state_bytes"), integer(memory, "constant_bytes")};
    if (json_.contains("whole")) report_.whole_ns = number(json_["whole"].at("median"));
    if (json_.contains("roofs")) {
      for (const Json& level : list_in(json_["roofs"], "levels"))
        report_.level_bytes.push_back(integer(level, "bytes"));
    }
    if (json_.contains("numbers")) add_numbers(json_["numbers"]);
    return std::move(report_);
  }

private:
  void count_copied(size_t bytes) {
    copied_ += bytes;
    if (copied_ > kMostCopied) throw std::out_of_range("it mentions too much too often");
  }
  std::string copied(std::string text) {
    count_copied(text.size());
    return text;
  }

  static std::string place_text(const Json& place, const Json& sources) {
    if (!place.is_object()) throw std::out_of_range("a place is expected");
    if (!place.contains("source")) return place.contains("name") ? text(place, "name") : "";
    const size_t source = index(place["source"], sources.size());
    return fmt::format("{}:{}:{}", text(sources[source], "path"), integer(place, "line"),
                       integer(place, "column"));
  }

  void add_head() {
    report_.linnet = text(json_, "linnet");
    report_.kind = text(json_, "kind");
    report_.model = text(json_, "model");
    const Json& target = json_.at("target");
    report_.target = text(target, "name");
    report_.cpu = text(target, "cpu");
    report_.vector_bits = integer(target, "vector_bits");
    report_.batch = integer(json_, "batch");
    report_.threads = integer(json_, "threads");
    const Json& weights = json_.at("weights");
    const bool untrained = json_.at("untrained").get<bool>();
    report_.weights = !weights.is_null() ? weights.get<std::string>()
                      : untrained        ? "initial values"
                                         : "of the model";
  }

  // A node's groups hold nodes before it only: nothing is in itself.
  void read_pool() {
    for (size_t i = 0; i < list_in(pool_).size(); ++i) {
      const Json& node = pool_[i];
      Node one{{text(node, "op"), text(node, "text"), texts(node.at("results")),
                texts(node.at("types")), texts(node.at("operands")),
                indices(node.at("places"), report_.places.size())},
               {},
               {}};
      std::string content = one.node.text;
      if (node.contains("regions")) {
        for (const Json& region : list_in(node["regions"])) {
          for (const size_t inner : indices(region.at("nodes"), i)) {
            one.inner.push_back(inner);
            content += "\n" + nodes_[inner].content;
          }
          content += "\n" + join(texts(region.at("tail")), "\n");
        }
      }
      one.content = passes::content_hash(content);
      nodes_.push_back(std::move(one));
    }
  }

  ReadReport::Graph graph_of(const Json& json) {
    ReadReport::Graph graph{text(json, "name"), text(json, "kind"), {}, {}, {}, {}};
    for (const Json& input : list_in(json, "inputs")) {
      const ReadReport::Port port{text(input, "name"), text(input, "type"), text(input, "name")};
      (input.contains("slot") ? graph.parameters : graph.inputs).push_back(port);
    }
    std::vector<size_t> left = indices(json.at("nodes"), nodes_.size());
    std::ranges::reverse(left);
    std::map<std::string, std::string> types;
    while (!left.empty()) {
      const Node& next = nodes_[left.back()];
      left.pop_back();
      left.insert(left.end(), next.inner.rbegin(), next.inner.rend());
      count_copied(bytes_of(next.node));
      graph.nodes.push_back(next.node);
      for (size_t i = 0; i < next.node.results.size(); ++i)
        types[next.node.results[i]] = next.node.types.at(i);
    }
    for (const ReadReport::Port& port : graph.inputs)
      types[port.name] = port.type;
    for (const Json& output : list_in(json, "outputs")) {
      const std::string value = text(output, "value");
      if (!output.contains("slot"))
        graph.outputs.push_back({text(output, "name"), copied(types[value]), value});
    }
    return graph;
  }
  static size_t bytes_of(const ReadReport::Node& node) {
    size_t bytes = sizeof(node) + node.op.size() + node.text.size() + 8 * node.places.size();
    for (const auto* list : {&node.results, &node.types, &node.operands}) {
      for (const std::string& one : *list)
        bytes += sizeof(one) + one.size();
    }
    return bytes;
  }

  void add_step(const Json& json) {
    // Without a change it says nothing of the graphs: they are those of the step before.
    if (report_.steps.empty() || json.at("changed").get<bool>()) {
      content_.clear();
      for (const std::string& line : texts(json.at("head"))) {
        if (!line.starts_with("module ")) content_ += line + "\n";
      }
      for (const Json& graph : list_in(json, "graphs")) {
        content_ += text(graph, "head") + join(texts(graph.at("tail")), "\n") + "\n";
        for (const size_t node : indices(graph.at("nodes"), nodes_.size()))
          content_ += nodes_[node].content + "\n";
      }
      content_ = passes::content_hash(content_);
    }
    report_.steps.push_back(
        {text(json, "pass"), integer(json, "rewrites"), integer(json, "nodes"), content_});
  }

  void add_kernel(const Json& json) {
    const std::string name = text(json, "name"), symbol = text(json, "symbol");
    const std::string prefix =
        symbol.ends_with("_" + name) ? symbol.substr(0, symbol.size() - name.size()) : "";
    ReadReport::Kernel kernel{name,
                              text(json, "hash"),
                              text(json, "family"),
                              text(json, "schedule"),
                              without_prefix(text(json, "assembly"), prefix),
                              indices(json.at("places"), report_.places.size()),
                              indices(json.at("calls"), json_.at("calls").size()),
                              integer(json, "code_bytes"),
                              integer(json, "stack_bytes"),
                              std::nullopt};
    if (json.contains("hot")) {
      const Json& hot = json["hot"];
      ReadReport::HotLoop loop;
      loop.instructions = integer(hot, "instructions");
      loop.vector_bits = integer(hot, "vector_bits");
      loop.flops = integer(hot, "flops");
      loop.spills = integer(hot, "spills");
      if (hot.contains("iterations")) loop.iterations = integer(hot, "iterations");
      loop.loads_per_fma = number_or_null(hot.at("loads_per_fma"));
      if (hot.contains("mca")) {
        loop.cycles = number(hot["mca"].at("cycles"));
        loop.bottleneck = text(hot["mca"], "bottleneck");
      }
      kernel.hot = std::move(loop);
    }
    report_.kernels.push_back(std::move(kernel));
  }

  void add_call(const Json& json) {
    if (json.contains("loop")) integer(json, "loop");
    ReadReport::Call call{text(json, "result"), json.contains("loop"), integer(json, "flops"),
                          integer(json, "bytes"), std::nullopt};
    if (json.contains("time")) call.ns = number(json["time"].at("median"));
    report_.calls.push_back(call);
  }

  void add_numbers(const Json& json) {
    ReadReport::Numbers numbers{text(json, "inputs"), {}};
    for (const Json& value : list_in(json, "values")) {
      ReadReport::Value one{text(value, "name"),
                            text(value, "type"),
                            "",
                            text(value, "by") == "reference",
                            integer(value, "nans"),
                            integer(value, "infinities"),
                            integer(value, "count"),
                            departs(value),
                            {}};
      if (!value.at("place").is_null())
        one.place = copied(report_.places[index(value["place"], report_.places.size())]);
      for (const char* key : {"min", "max", "mean", "deviation"}) {
        if (const auto is = number_or_null(value.at(key))) one.kept[key] = *is;
      }
      if (value.contains("series")) add_elements(value["series"], one);
      numbers.values.push_back(std::move(one));
    }
    report_.numbers = std::move(numbers);
  }

  // null: infinite.
  static bool departs(const Json& value) {
    bool any = false;
    for (const char* key : {"absolute", "relative"})
      any |= value.contains(key) && !number_or_null(value[key]);
    return any;
  }
  void add_elements(const Json& series, ReadReport::Value& value) {
    const std::vector<std::string> names = texts(series.at("names"));
    for (size_t row = 0; row < names.size(); ++row) {
      size_t at = 0;
      for (const Json& element : list_in(list_in(series, "values").at(row))) {
        const std::string name = copied(fmt::format("{}[{}]", names[row], at++));
        if (const auto is = number_or_null(element)) value.kept[name] = *is;
      }
    }
  }

  struct Node {
    ReadReport::Node node;
    std::vector<size_t> inner;  // of all its groups
    std::string content;
  };
  const Json& json_;
  const Json& pool_;
  std::vector<Node> nodes_;  // of the pool
  size_t copied_ = 0;        // bytes
  std::string content_;      // of the last step
  ReadReport report_;
};

// The data within a page, or "".
std::string_view data_of_page(std::string_view page) {
  const size_t begin = page.find(kPageMark);
  if (begin == std::string_view::npos) return "";
  const std::string_view data = page.substr(begin + kPageMark.size());
  return data.substr(0, data.find("</script>"));
}

}  // namespace

ReadReport ReadReport::of(const Json& json) {
  return Reader(json).read();
}

bool names_report(const std::string& path) {
  return path.ends_with(".json") || path.ends_with(".html");
}

std::optional<ReadReport> read_report(Session& session, const std::string& path) {
  const auto bytes = read_file(path);
  if (!bytes) {
    session.error(bytes.error().message, bytes.error().status);
    return std::nullopt;
  }
  const std::string_view file(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const std::string_view data = path.ends_with(".html") ? data_of_page(file) : file;
  const std::string remedy = "make it with: linnet report MODEL -o " + path;
  const Json json = Json::parse(data, nullptr, false);
  if (!json.is_object() || !json.contains("schema") || !json.contains("steps")) {
    session.error(path + ": not what `linnet report` writes", Status::kBadInput, remedy);
    return std::nullopt;
  }
  if (const Json& form = json["schema"]; form != kForm) {
    const std::string theirs = form.is_number_integer() ? " " + form.dump() : "";
    session.error(fmt::format("{}: a report in another form{}; this linnet reads form {}", path,
                              theirs, kForm),
                  Status::kBadInput, remedy);
    return std::nullopt;
  }
  try {
    return ReadReport::of(json);
  } catch (const std::exception&) {  // of nlohmann, or of an index
    session.error(path + ": parts of a report are missing or have another form", Status::kBadInput,
                  remedy);
    return std::nullopt;
  }
}

}  // namespace linnet::cli
