// What may be asked of the choice of kernel families besides the machine.
#pragma once

#include <string>
#include <vector>

namespace linnet::passes {

// What the user says of families, whatever the group.
struct FamilyOptions {
  std::vector<std::string> disabled;  // names of families that nothing is given to
  // The largest error of a kernel that rounds more than the sum it stands for, of the largest
  // magnitude of its result: winograd.
  double max_error = 1e-4;
  // Are a call's kernels to share their tiles among threads? Then none has memory of its own in the
  // arena, which they would share too.
  bool in_threads = false;
};
inline const FamilyOptions kAnyFamily;

}  // namespace linnet::passes
