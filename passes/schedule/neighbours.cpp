// Steps from one legal schedule to others, for `linnet tune`.
#include "passes/schedule/neighbours.h"

#include "passes/schedule/anchors.h"
#include "passes/schedule/families.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace linnet::passes {
namespace {

constexpr std::string_view kLanes = "lanes";
constexpr size_t kFew = 8;  // legal values of a number, of which each is tried

using Numbers = std::vector<int64_t>;  // one for each key of the family

// The nearest of the values, on a scale on which half is as far as double.
int64_t nearest(const std::vector<int64_t>& values, int64_t wanted) {
  const auto distance = [wanted](int64_t value) {
    return std::abs(std::log2(static_cast<double>(std::max<int64_t>(value, 1))) -
                    std::log2(static_cast<double>(std::max<int64_t>(wanted, 1))));
  };
  return *std::ranges::min_element(values, {}, distance);
}

// The legal schedule nearest to these numbers, from the first key to the last; nullopt if there is
// none.
std::optional<ir::Schedule> legal_near(const Family& family, const ir::Graph& body,
                                       const Numbers& wanted) {
  ir::Schedule schedule{std::string(family.name), {}};
  for (size_t i = 0; i < family.keys.size(); ++i) {
    const std::vector<int64_t> values = family.legal(body, schedule);
    if (values.empty()) return std::nullopt;
    schedule.parameters.emplace_back(family.keys[i], nearest(values, wanted[i]));
  }
  return schedule;
}

Numbers numbers_of(const Family& family, const ir::Schedule& schedule) {
  Numbers numbers;
  for (const std::string_view key : family.keys)
    numbers.push_back(schedule.get(key, 1));
  return numbers;
}

// Has a tile as many accumulators times this number?
bool multiplies(const Family& family, size_t key) {
  return family.in_registers[key] && family.keys[key] != kLanes;
}

class Neighbours {
public:
  Neighbours(const Candidate& group, const ir::Schedule& centre)
      : group_(group), centre_(centre), family_(family(centre.family)) {}

  std::vector<ir::Schedule> run() {
    own_family();
    // More vectors of accumulators than registers: each step of the innermost loop spills some.
    std::erase_if(found_, [&](const ir::Schedule& schedule) {
      return accumulators_of(schedule) > group_.target.vector_registers;
    });
    std::ranges::stable_sort(found_, {}, [&](const ir::Schedule& s) { return demerit(s); });
    other_families();
    return std::move(found_);
  }

private:
  [[nodiscard]] int64_t accumulators_of(const Numbers& numbers) const {
    int64_t product = 1;
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (multiplies(family_, i)) product *= std::max<int64_t>(numbers[i], 1);
    }
    return product;
  }
  // Of a tile as far as its numbers say.
  [[nodiscard]] int64_t accumulators_of(const ir::Schedule& schedule) const {
    return accumulators_of(numbers_of(family_, schedule));
  }

  void own_family() {
    const Numbers numbers = numbers_of(family_, centre_);
    ir::Schedule before{centre_.family, {}};
    for (size_t i = 0; i < numbers.size(); ++i) {
      const std::vector<int64_t> values = family_.legal(group_.body, before);
      if (values.size() <= kFew) {
        for (const int64_t value : values)
          with(numbers, i, value);
      }
      const auto at = std::ranges::find(values, numbers[i]);
      if (at != values.begin() && at != values.end()) with(numbers, i, *(at - 1));
      if (at != values.end() && at + 1 != values.end()) with(numbers, i, *(at + 1));
      with(numbers, i, numbers[i] * 2);
      with(numbers, i, numbers[i] / 2);
      before.parameters.emplace_back(family_.keys[i], numbers[i]);
    }
    for (size_t i = 0; i < numbers.size(); ++i) {
      for (size_t k = 0; k < numbers.size(); ++k) {
        if (i == k || numbers[k] < 2) continue;
        Numbers traded = numbers;
        traded[i] *= 2;
        traded[k] /= 2;
        add(legal_near(family_, group_.body, traded));
      }
    }
  }

  // Where the tile then has more accumulators than there are registers, less of the others.
  void with(Numbers numbers, size_t key, int64_t value) {
    numbers[key] = value;
    for (size_t i = numbers.size(); i-- > 0;) {
      const int64_t tile = accumulators_of(numbers);
      if (tile <= group_.target.vector_registers) break;
      if (i != key && multiplies(family_, i))
        numbers[i] = std::max<int64_t>(numbers[i] * accumulators(group_.target) / tile, 1);
    }
    add(legal_near(family_, group_.body, numbers));
  }

  // What each would choose; of one that computes the group but would leave it to others a tile that
  // fills the registers along the last number that does.
  void other_families() {
    for (const Family& other : families()) {
      if (other.name == centre_.family || !other.fits(group_.body).empty()) continue;
      const auto choice = other.choose(group_);
      if (choice.schedule) {
        add(choice.schedule);
      } else if (!other.keys.empty()) {
        Numbers tile(other.keys.size(), 1);
        size_t last = tile.size() - 1;
        while (last > 0 && !other.in_registers[last])
          --last;
        tile[last] = accumulators(group_.target);
        tile.front() = group_.target.lanes(4);
        add(legal_near(other, group_.body, tile));
      }
    }
  }

  // The less, the sooner: other vectors than the machine's are seldom better, empty registers too.
  [[nodiscard]] double demerit(const ir::Schedule& schedule) const {
    const double room = static_cast<double>(accumulators(group_.target));
    const double filled = static_cast<double>(accumulators_of(schedule));
    const bool other_lanes = schedule.get(kLanes, 0) != centre_.get(kLanes, 0);
    return std::abs(std::log2(filled / room)) + (other_lanes ? 2 : 0);
  }

  void add(const std::optional<ir::Schedule>& schedule) {
    if (!schedule || *schedule == centre_) return;
    if (std::ranges::find(found_, *schedule) == found_.end()) found_.push_back(*schedule);
  }

  const Candidate& group_;
  const ir::Schedule& centre_;
  const Family& family_;
  std::vector<ir::Schedule> found_;
};

}  // namespace

std::vector<ir::Schedule> neighbours(const Candidate& group, const ir::Schedule& centre) {
  return Neighbours(group, centre).run();
}

}  // namespace linnet::passes
