// Has a launcher of MPI started this process, and where is the library to call it by?
#include "runtime/train/processes.h"

#include "base/io/file.h"
#include "base/text.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <string>
#include <unistd.h>
#include <vector>

// A program without shared libraries (--static) is not to get these for our sake.
#pragma weak dlopen
#pragma weak dlsym
#pragma weak dlerror

namespace linnet::runtime::train {
namespace {

constexpr const char* kLibrary = "liblinnet-mpi.so";
constexpr const char* kHow =
    "make it with that MPI's mpicc (`make mpi` in the sources of linnet; docs/training.md)";

// What a launcher left in the environment; the first that is there counts.
struct Launch {
  const char* variable = nullptr;
  int64_t count = 1;  // 0: it does not say
};
Launch launch() {
  // Open MPI's; MPICH's, Intel MPI's and Slurm's PMI-2; MVAPICH's; those of any step of Slurm.
  for (const char* name :
       {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* value = std::getenv(name);
    if (value && *value) return {name, std::strtoll(value, nullptr, 10)};
  }
  if (std::getenv("PMIX_RANK")) return {"PMIX_RANK", 0};
  return {};
}

std::string started_by(const Launch& launch) {
  if (launch.count == 0) return format("started as one of several processes (%s)", launch.variable);
  return format("started as one of %lld processes (%s)", static_cast<long long>(launch.count),
                launch.variable);
}

// Does a loader of shared libraries start this program? One without, which has a C library of its
// own, could load another's only on the machine that it was made on.
bool has_loader() {
  bool found = false;
  dl_iterate_phdr(
      [](dl_phdr_info* program, size_t, void* to) {
        for (int i = 0; i < program->dlpi_phnum; ++i)
          *static_cast<bool*>(to) |= program->dlpi_phdr[i].p_type == PT_INTERP;
        return 1;  // the program comes first, and then what it has loaded
      },
      &found);
  return found;
}

std::vector<std::string> places() {
  std::vector<std::string> paths;
  char program[4096];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program);
  if (length > 0) {
    const std::string folder = folder_of(std::string(program, static_cast<size_t>(length)));
    for (const char* from : {"/", "/../lib/", "/../lib/linnet/"})
      paths.push_back(folder + from + kLibrary);
  }
  return paths;
}

Result<const linnet_mpi_v1*> library_at(const std::string& path) {
  // Open MPI's parts look for its symbols among those of the program.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!library) return fail_machine("%s", dlerror());
  const auto* mpi = static_cast<const linnet_mpi_v1*>(dlsym(library, "linnet_mpi"));
  if (!mpi || mpi->abi != LINNET_MPI_VERSION || mpi->size != sizeof(linnet_mpi_v1))
    return fail_machine("%s: is no liblinnet-mpi.so, or one of another version of linnet: %s",
                        path.c_str(), kHow);
  return mpi;
}

Result<const linnet_mpi_v1*> library(const Launch& launch, const std::string& named) {
  if (!dlopen || !has_loader())
    return fail_machine("%s, and a program linked with --static cannot load an MPI: make it "
                        "without, or start it once",
                        started_by(launch).c_str());
  if (!named.empty()) return library_at(named);
  const std::vector<std::string> paths = places();
  for (const std::string& path : paths) {
    if (file_exists(path)) return library_at(path);
  }
  auto found = library_at(kLibrary);
  if (found) return found;
  return fail_machine("%s, and %s, by which they would train together, is neither beside the "
                      "program (%s) nor found by the system (%s); %s, and name it by "
                      "LINNET_MPI=PATH. LINNET_MPI=none lets each process train by itself",
                      started_by(launch).c_str(), kLibrary,
                      paths.empty() ? "" : paths.front().c_str(), found.error().message.c_str(),
                      kHow);
}

}  // namespace

Result<Processes> Processes::join() {
  const Launch launched = launch();
  const char* variable = std::getenv("LINNET_MPI");
  const std::string named = variable ? variable : "";
  if (launched.count == 1 || named == "none") return Processes();
  LINNET_TRY_ASSIGN(const linnet_mpi_v1* mpi, library(launched, named));
  int64_t rank = 0, count = 1;
  if (const int code = mpi->start(&rank, &count); code != 0)
    return fail_machine("%s: MPI_Init returned %d", mpi->library, code);
  if (launched.count != 0 && count != launched.count) {
    mpi->stop();
    return fail_machine("%s, but %s, which %s was made with, sees %lld: it is not the MPI that "
                        "started them; %s, or start them with its own mpirun",
                        started_by(launched).c_str(), mpi->library,
                        named.empty() ? kLibrary : named.c_str(), static_cast<long long>(count),
                        kHow);
  }
  if (count > 1) return Processes(*mpi, rank, count);
  mpi->stop();
  return Processes();
}

}  // namespace linnet::runtime::train
