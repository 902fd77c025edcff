// Compiled with -ffp-contract=off: a contracted multiply-add would change bits.
#include "base/initialize.h"

#include "base/math.h"
#include "base/philox.h"
#include "base/scalar_backend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>

namespace linnet {
namespace {

using Math = math::Scalar<double>;

class Settings {
public:
  explicit Settings(std::span<const InitialSetting> settings) : settings_(settings) {}
  double operator()(std::string_view name, double fallback) const {
    const auto at = std::ranges::find(settings_, name, &InitialSetting::name);
    return at == settings_.end() ? fallback : at->value;
  }

private:
  std::span<const InitialSetting> settings_;
};

class Stream {
public:
  Stream(uint64_t seed, uint32_t number) : seed_(seed), number_(number) {}
  // philox_uniform_f64; a block's four numbers are kept, for elements come in order.
  [[nodiscard]] double uniform(uint64_t element) const {
    const auto block = static_cast<uint32_t>(element / 4);
    if (block != block_) {
      block_ = block;
      high_ = philox_block(seed_, number_, 0, block);
      low_ = philox_block(seed_, number_, 0, block | kPhiloxLowWords);
    }
    return uniform_f64(high_[element % 4], low_[element % 4]);
  }
  // Box and Muller, "A note on the generation of random normal deviates", 1958.
  [[nodiscard]] double normal(uint64_t element) const {
    const double u = 1 - uniform(2 * element);  // never 0
    const double v = uniform(2 * element + 1);
    return std::sqrt(-2 * math::log<Math>(u)) * math::cos<Math>(2 * std::numbers::pi * v);
  }

private:
  uint64_t seed_;
  uint32_t number_;
  mutable uint32_t block_ = kPhiloxLowWords;  // no block's number
  mutable PhiloxCounter high_{}, low_{};
};

double normal_cdf(double x) {
  return (1 + math::erf<Math>(x * (1 / std::numbers::sqrt2))) * 0.5;
}

// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", 1988, PPND16.
double normal_quantile(double p) {
  constexpr std::array<double, 8> kA = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                                        1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                        4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                        3.3430575583588128105e+4, 2.5090809287301226727e+3};
  constexpr std::array<double, 8> kB = {1.0,
                                        4.2313330701600911252e+1,
                                        6.8718700749205790830e+2,
                                        5.3941960214247511077e+3,
                                        2.1213794301586595867e+4,
                                        3.9307895800092710610e+4,
                                        2.8729085735721942674e+4,
                                        5.2264952788528545610e+3};
  constexpr std::array<double, 8> kC = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                        5.76949722146069140550e0,  3.64784832476320460504e0,
                                        1.27045825245236838258e0,  2.41780725177450611770e-1,
                                        2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr std::array<double, 8> kD = {1.0,
                                        2.05319162663775882187e0,
                                        1.67638483018380384940e0,
                                        6.89767334985100004550e-1,
                                        1.48103976427480074590e-1,
                                        1.51986665636164571966e-2,
                                        5.47593808499534494600e-4,
                                        1.05075007164441684324e-9};
  constexpr std::array<double, 8> kE = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                        1.78482653991729133580e0,  2.96560571828504891230e-1,
                                        2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                        2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr std::array<double, 8> kF = {1.0,
                                        5.99832206555887937690e-1,
                                        1.36929880922735805310e-1,
                                        1.48753612908506148525e-2,
                                        7.86869131145613259100e-4,
                                        1.84631831751005468180e-5,
                                        1.42151175831644588870e-7,
                                        2.04426310338993978564e-15};
  const auto ratio = [](const auto& over, const auto& under, double r) {
    return math::polynomial<Math>(over, r) / math::polynomial<Math>(under, r);
  };
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) return q * ratio(kA, kB, 0.180625 - q * q);
  const double r = std::sqrt(-math::log<Math>(q < 0 ? p : 1 - p));
  const double x = r <= 5 ? ratio(kC, kD, r - 1.6) : ratio(kE, kF, r - 5);
  return q < 0 ? -x : x;
}

// torch.nn.init.orthogonal_: the Q of a normal matrix's QR decomposition, its columns signed as R's
// diagonal is. By Householder's reflections, every sum in the order of its index.
std::vector<double> orthogonal(const Stream& stream, std::span<const int64_t> shape, double gain) {
  const auto rows = static_cast<size_t>(shape.empty() ? 1 : shape[0]);
  size_t columns = 1;
  for (size_t dim = 1; dim < shape.size(); ++dim)
    columns *= static_cast<size_t>(shape[dim]);
  const bool turned = rows < columns;
  const size_t n = turned ? columns : rows, m = turned ? rows : columns;
  // a[j] is column j, of length n ≥ m.
  std::vector<std::vector<double>> a(m, std::vector<double>(n));
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j)
      (turned ? a[i][j] : a[j][i]) = stream.normal(i * columns + j);
  }
  const auto dot = [&](const std::vector<double>& x, const std::vector<double>& y, size_t from) {
    double sum = 0;
    for (size_t i = from; i < n; ++i)
      sum = std::fma(x[i], y[i], sum);
    return sum;
  };
  std::vector<double> sign(m), beta(m);
  for (size_t k = 0; k < m; ++k) {
    const double length = std::sqrt(dot(a[k], a[k], k));
    const double r = a[k][k] > 0 ? -length : length;  // R's diagonal
    sign[k] = r < 0 ? -1 : 1;
    a[k][k] -= r;
    const double square = dot(a[k], a[k], k);
    beta[k] = square == 0 ? 0 : 2 / square;
    for (size_t j = k + 1; j < m; ++j) {
      const double factor = beta[k] * dot(a[k], a[j], k);
      for (size_t i = k; i < n; ++i)
        a[j][i] = std::fma(-factor, a[k][i], a[j][i]);
    }
  }
  // Q = H₀ H₁ … applied to the first m unit vectors.
  std::vector<std::vector<double>> q(m, std::vector<double>(n, 0));
  for (size_t j = 0; j < m; ++j) {
    q[j][j] = sign[j] * gain;
    for (size_t k = m; k-- > 0;) {
      const double factor = beta[k] * dot(a[k], q[j], k);
      for (size_t i = k; i < n; ++i)
        q[j][i] = std::fma(-factor, a[k][i], q[j][i]);
    }
  }
  std::vector<double> values(rows * columns);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j)
      values[i * columns + j] = turned ? q[i][j] : q[j][i];
  }
  return values;
}

std::vector<double> drawn(int64_t count, const std::function<double(uint64_t)>& element) {
  std::vector<double> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = element(i);
  return values;
}

}  // namespace

Fans fans(std::span<const int64_t> shape) {
  if (shape.empty()) return {};
  if (shape.size() == 1) return {shape[0], shape[0]};
  int64_t taps = 1;
  for (size_t dim = 2; dim < shape.size(); ++dim)
    taps *= shape[dim];
  return {shape[1] * taps, shape[0] * taps};
}

std::optional<Distribution> distribution(std::string_view kind,
                                         std::span<const InitialSetting> settings,
                                         std::span<const int64_t> shape) {
  const Settings get(settings);
  const Fans fan = fans(shape);
  const double in = get("fan_in", static_cast<double>(fan.in));
  const double out = get("fan_out", static_cast<double>(fan.out));
  const double a = get("a", 0);
  const double gain = get("gain", 1);
  // A fan of 0 belongs to a tensor without elements.
  const double kaiming = 2 / ((1 + a * a) * std::max(in, 1.0));
  const double glorot = gain * gain * 2 / std::max(in + out, 1.0);
  const auto symmetric = [](double bound) { return Distribution{false, -bound, 2 * bound}; };
  if (kind == "orthogonal" || kind == "truncated_normal") return std::nullopt;
  if (kind == "ones") return Distribution{false, 1, 0};
  if (kind == "constant") return Distribution{false, get("value", 0), 0};
  if (kind == "uniform") return Distribution{false, a, get("b", 1) - a};
  if (kind == "normal") return Distribution{true, get("mean", 0), get("std", 1)};
  if (kind == "glorot_uniform") return symmetric(std::sqrt(3 * glorot));
  if (kind == "glorot_normal") return Distribution{true, 0, std::sqrt(glorot)};
  if (kind == "kaiming_uniform") return symmetric(std::sqrt(3 * kaiming));
  if (kind == "kaiming_normal") return Distribution{true, 0, std::sqrt(kaiming)};
  return Distribution{};  // zeros
}

std::vector<double> initial_values(std::string_view kind, std::span<const InitialSetting> settings,
                                   std::span<const int64_t> shape, uint64_t seed,
                                   uint32_t stream_number) {
  const Settings get(settings);
  const Stream stream(seed, stream_number);
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  if (const auto d = distribution(kind, settings, shape)) {
    if (d->width == 0) return {d->centre};
    return drawn(count, [&](uint64_t e) {
      return std::fma(d->width, d->normal ? stream.normal(e) : stream.uniform(e), d->centre);
    });
  }
  if (kind == "orthogonal") return orthogonal(stream, shape, get("gain", 1));
  const double mean = get("mean", 0), deviation = get("std", 1);
  const double least = get("a", -2), most = get("b", 2);
  const double low = normal_cdf((least - mean) / deviation);
  const double high = normal_cdf((most - mean) / deviation);
  return drawn(count, [&](uint64_t e) {
    const double p = std::fma(high - low, stream.uniform(e), low);
    return std::clamp(std::fma(deviation, normal_quantile(p), mean), least, most);
  });
}

}  // namespace linnet
