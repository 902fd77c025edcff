// Forks a child for each piece of work, reads its answer from a pipe, and limits time and memory.
#include "codegen/cache/workers.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace linnet::codegen {
namespace {

struct Child {
  size_t job;
  pid_t pid;
  int pipe;
  std::string received;
};

void write_all(int pipe, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(pipe, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) _exit(1);
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void limit(int resource, rlim_t most) {
  rlimit current{};
  getrlimit(static_cast<__rlimit_resource>(resource), &current);
  current.rlim_cur = std::min(current.rlim_max, most);
  setrlimit(static_cast<__rlimit_resource>(resource), &current);
}

// The child: first byte '+' or '-', then the output or the message.
[[noreturn]] void run_child(int pipe, size_t job, const std::function<std::string(size_t)>& work,
                            const WorkerLimits& limits) {
  limit(RLIMIT_CPU, static_cast<rlim_t>(limits.seconds));
  limit(RLIMIT_CORE, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose shadow is terabytes
  limit(RLIMIT_DATA, limits.address_space);
#endif
  std::signal(SIGPIPE, SIG_DFL);
  try {
    write_all(pipe, "+" + work(job));
  } catch (const std::exception& error) {
    write_all(pipe, std::string("-") + error.what());
  }
  _exit(0);  // no destructors of the parent's objects
}

WorkerResult finished(const Child& child) {
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGXCPU) return {false, "timed out"};
    return {false, std::string("died of signal ") + std::to_string(signal) + " (" +
                       strsignal(signal) + ")"};
  }
  if (child.received.empty()) return {false, "ended without an answer"};
  return {child.received.front() == '+', child.received.substr(1)};
}

}  // namespace

std::vector<WorkerResult> run_forked(size_t count, int parallel,
                                     const std::function<std::string(size_t)>& job,
                                     const std::function<void(size_t)>& ended,
                                     const WorkerLimits& limits) {
  std::vector<WorkerResult> results(count);
  std::vector<Child> children;
  size_t next = 0;
  while (next < count || !children.empty()) {
    if (next < count && children.size() < static_cast<size_t>(std::max(parallel, 1))) {
      int ends[2];
      if (pipe(ends) != 0) {
        results[next++].output = std::string("pipe: ") + std::strerror(errno);
        continue;
      }
      const pid_t pid = fork();
      if (pid == 0) {
        close(ends[0]);
        run_child(ends[1], next, job, limits);
      }
      close(ends[1]);
      if (pid < 0) {
        results[next++].output = std::string("fork: ") + std::strerror(errno);
        close(ends[0]);
        continue;
      }
      children.push_back({next++, pid, ends[0], {}});
      continue;
    }
    std::vector<pollfd> waiting;
    for (const Child& child : children)
      waiting.push_back({child.pipe, POLLIN, 0});
    if (poll(waiting.data(), waiting.size(), -1) < 0) continue;
    for (size_t i = children.size(); i-- > 0;) {
      if (waiting[i].revents == 0) continue;
      char bytes[65536];
      const ssize_t got = read(children[i].pipe, bytes, sizeof bytes);
      if (got > 0) {
        children[i].received.append(bytes, static_cast<size_t>(got));
      } else if (got == 0 || errno != EINTR) {
        close(children[i].pipe);
        results[children[i].job] = finished(children[i]);
        children.erase(children.begin() + static_cast<std::ptrdiff_t>(i));
        if (ended) ended(next - children.size());
      }
    }
  }
  return results;
}

}  // namespace linnet::codegen
