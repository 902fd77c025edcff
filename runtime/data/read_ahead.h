// A thread for one job at a time: reading what will be needed next.
#pragma once

#include <functional>
#include <pthread.h>

namespace linnet::runtime::train {

// The thread is started with the first job and sleeps between jobs. Where the system has none the
// job is done when it is waited for: results are the same, only later.
class ReadAhead {
public:
  ReadAhead() = default;
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The job before has been waited for, or is now.
  void start(std::function<void()> job);
  // Until the job is done. false: there was none.
  bool wait();

private:
  enum class State { kIdle, kAsked, kDone, kEnd };
  static void* run(void* self);
  void work();

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed_ = PTHREAD_COND_INITIALIZER;
  State state_ = State::kIdle;
  std::function<void()> job_;
  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace linnet::runtime::train
