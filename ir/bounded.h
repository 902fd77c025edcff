// A number that carries the magnitude of what was summed into it.
#pragma once

#include <cmath>
#include <limits>

namespace linnet::ir {

// `magnitude` is Σ|aᵢ·bᵢ| carried through the arithmetic (first-order running error
// analysis, Higham, "Accuracy and Stability of Numerical Algorithms", §3.3): a kernel in
// precision eps may differ from `value` by at most c · eps · magnitude.
struct Bounded {
  double value = 0;
  double magnitude = 0;

  Bounded() = default;
  Bounded(double v) : value(v), magnitude(std::fabs(v)) {}
  // 0 · inf on the way to a magnitude says nothing: any error is then possible.
  Bounded(double v, double m)
      : value(v), magnitude(std::isnan(m) ? std::numeric_limits<double>::infinity() : m) {}
};

inline Bounded operator+(Bounded a, Bounded b) {
  return {a.value + b.value, a.magnitude + b.magnitude};
}
inline Bounded operator-(Bounded a, Bounded b) {
  return {a.value - b.value, a.magnitude + b.magnitude};
}
inline Bounded operator*(Bounded a, Bounded b) {
  return {a.value * b.value, a.magnitude * b.magnitude};
}
inline Bounded operator/(Bounded a, Bounded b) {
  const double value = a.value / b.value;
  const double inverse = 1 / std::fabs(b.value);
  return {value, (a.magnitude + std::fabs(value) * b.magnitude) * inverse};
}
inline Bounded operator-(Bounded a) {
  return {-a.value, a.magnitude};
}
inline Bounded& operator+=(Bounded& a, Bounded b) {
  return a = a + b;
}
// Order and equality look at the value only.
inline bool operator<(Bounded a, Bounded b) {
  return a.value < b.value;
}
inline bool operator<=(Bounded a, Bounded b) {
  return a.value <= b.value;
}
inline bool operator>(Bounded a, Bounded b) {
  return a.value > b.value;
}
inline bool operator>=(Bounded a, Bounded b) {
  return a.value >= b.value;
}
inline bool operator==(Bounded a, Bounded b) {
  return a.value == b.value;
}
inline bool operator!=(Bounded a, Bounded b) {
  return !(a.value == b.value);
}

// f(a) for a smooth f with the given value and derivative at a.
inline Bounded through(Bounded a, double value, double derivative) {
  return {value, std::fabs(value) + std::fabs(derivative) * a.magnitude};
}

}  // namespace linnet::ir
