// Builds the design matrix by unit parameters and solves it by Eigen's pivoted QR.
#include "runtime/train/least_squares.h"

// Sums in vectors have another order on each machine; these are the same on all.
#define EIGEN_DONT_VECTORIZE
#include <Eigen/QR>

namespace linnet::runtime::train {

Result<std::vector<double>>
least_squares(int64_t count, const std::vector<double>& target,
              const std::function<Result<std::vector<double>>(const std::vector<double>&)>& f,
              int64_t& rank) {
  constexpr int64_t kMostElements = int64_t{1} << 28;  // 2 GiB of design matrix
  const auto rows = static_cast<int64_t>(target.size());
  if (count < 1 || rows > kMostElements / count)
    return fail("least_squares: a design matrix of %lld × %lld numbers is too large; choose "
                "another optimizer",
                static_cast<long long>(rows), static_cast<long long>(count));
  std::vector<double> parameters(static_cast<size_t>(count));
  const auto zero = f(parameters);
  LINNET_TRY(zero);
  Eigen::MatrixXd design(rows, count);
  Eigen::VectorXd right(rows);
  for (int64_t i = 0; i < rows; ++i)
    right(i) = target[static_cast<size_t>(i)] - (*zero)[static_cast<size_t>(i)];
  for (int64_t j = 0; j < count; ++j) {
    parameters[static_cast<size_t>(j)] = 1;
    const auto column = f(parameters);
    LINNET_TRY(column);
    parameters[static_cast<size_t>(j)] = 0;
    for (int64_t i = 0; i < rows; ++i)
      design(i, j) = (*column)[static_cast<size_t>(i)] - (*zero)[static_cast<size_t>(i)];
  }
  const Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> qr(design);
  rank = qr.rank();
  const Eigen::VectorXd solution = qr.solve(right);
  return std::vector<double>(solution.data(), solution.data() + count);
}

}  // namespace linnet::runtime::train
