// Delta debugging on the nodes of a graph, then smaller shapes.
#include "driver/bisect/shrink.h"

#include "ir/verify.h"
#include "support/check.h"

#include <algorithm>
#include <set>

namespace linnet::driver {
namespace {

using Indices = std::vector<size_t>;

class Shrinker {
public:
  Shrinker(Sample sample, const Shows& shows, uint64_t seed, int most)
      : sample_(std::move(sample)), shows_(shows), seed_(seed), left_(most) {}

  Sample run() {
    take_apart();
    drop_outputs();
    for (bool smaller = true; smaller;)
      smaller = make_smaller();
    take_apart();  // what smaller shapes no longer need
    Sample bare = sample_;
    bare.module = pruned(std::move(bare.module));
    accept(std::move(bare));
    return std::move(sample_);
  }

private:
  // A candidate that is no valid module at all shows nothing of the compiler.
  bool shows(const Sample& sample) {
    if (left_ <= 0 || sample.subject().outputs.empty()) return false;
    try {
      if (ir::verify(sample.module)) return false;
      --left_;
      return shows_(sample);
    } catch (const InternalError&) {
      return false;
    }
  }

  bool accept(Sample candidate) {
    if (!shows(candidate)) return false;
    sample_ = std::move(candidate);
    return true;
  }

  // The nodes at work: constants go with those that read them.
  [[nodiscard]] Indices nodes() const {
    Indices list;
    const auto& all = sample_.subject().nodes();
    for (size_t i = 0; i < all.size(); ++i) {
      if (!all[i].tensor) list.push_back(i);
    }
    return list;
  }

  [[nodiscard]] Sample of(const Indices& kept) const {
    std::vector<bool> flags(sample_.subject().nodes().size(), false);
    for (const size_t i : kept)
      flags[i] = true;
    return cut(sample_, values_, flags);
  }

  // ddmin: a part alone, else all without a part, else finer parts.
  void take_apart() {
    values_ = all_values(sample_, seed_);
    Indices kept = nodes();
    size_t parts = 2;
    while (kept.size() > 1 && left_ > 0) {
      parts = std::min(parts, kept.size());
      const auto smaller = smaller_part(kept, parts);
      if (smaller) {
        parts = smaller->size() <= (kept.size() + parts - 1) / parts
                    ? 2
                    : std::max<size_t>(parts - 1, 2);
        kept = *smaller;
      } else if (parts == kept.size()) {
        break;
      } else {
        parts = std::min(parts * 2, kept.size());
      }
    }
    if (kept.size() == nodes().size()) return;
    sample_ = of(kept);
  }

  std::optional<Indices> smaller_part(const Indices& kept, size_t parts) {
    for (const bool complement : {false, true}) {
      if (complement && parts == 2) continue;  // the parts themselves
      for (size_t p = 0; p < parts; ++p) {
        const size_t begin = kept.size() * p / parts;
        const size_t end = kept.size() * (p + 1) / parts;
        Indices chosen;
        for (size_t i = 0; i < kept.size(); ++i) {
          if ((i >= begin && i < end) != complement) chosen.push_back(kept[i]);
        }
        if (!chosen.empty() && chosen.size() < kept.size() && shows(of(chosen))) return chosen;
      }
    }
    return std::nullopt;
  }

  void drop_outputs() {
    values_ = all_values(sample_, seed_);
    for (size_t i = sample_.subject().outputs.size(); i-- > 0;) {
      if (sample_.subject().outputs.size() < 2 || left_ <= 0) break;
      if (accept(without_output(sample_, values_, i))) values_ = all_values(sample_, seed_);
    }
  }

  // One dimension fewer elements; true if there is one.
  bool make_smaller() {
    for (const Resize& way : ways()) {
      auto candidate = resized(sample_, way);
      if (candidate && accept(*std::move(candidate))) return true;
      if (left_ <= 0) break;
    }
    return false;
  }

  // Sizes of all leaves at once, the largest first, then of single inputs; each to 1, else to half.
  [[nodiscard]] std::vector<Resize> ways() const {
    std::set<int64_t, std::greater<>> sizes;
    const ir::Graph& graph = sample_.subject();
    const auto add = [&](const ir::Shape& shape) { sizes.insert(shape.begin(), shape.end()); };
    for (const ir::GraphInput& input : graph.inputs)
      add(graph.value(input.value).type.shape);
    for (const ir::Node& node : graph.nodes()) {
      if (node.tensor) add(node.tensor->type().shape);
    }
    std::vector<Resize> list;
    const auto both = [&](int64_t from, int input, int dim) {
      if (from > 2) list.push_back({from, 1, input, dim});
      if (from > 1) list.push_back({from, from / 2, input, dim});
    };
    for (const int64_t size : sizes)
      both(size, -1, -1);
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      const ir::Shape& shape = graph.value(graph.inputs[i].value).type.shape;
      for (size_t d = 0; d < shape.size(); ++d)
        both(shape[d], static_cast<int>(i), static_cast<int>(d));
    }
    return list;
  }

  Sample sample_;
  const Shows& shows_;
  uint64_t seed_;
  int left_;
  TensorList values_;
};

}  // namespace

Sample shrink(Sample sample, const Shows& shows, uint64_t seed, int most) {
  return Shrinker(std::move(sample), shows, seed, most).run();
}

}  // namespace linnet::driver
