// The thread that reads ahead.
#include "runtime/data/read_ahead.h"

#include <csignal>
#include <utility>

namespace linnet::runtime::train {
namespace {

class Lock {
public:
  explicit Lock(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
  ~Lock() { pthread_mutex_unlock(&mutex_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

private:
  pthread_mutex_t& mutex_;
};

// Signals are for the thread that trains.
bool start_without_signals(pthread_t& thread, void* (*run)(void*), void* self) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool started = pthread_create(&thread, nullptr, run, self) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

}  // namespace

ReadAhead::~ReadAhead() {
  if (!started_) return;
  wait();
  {
    const Lock lock(mutex_);
    state_ = State::kEnd;
    pthread_cond_broadcast(&changed_);
  }
  pthread_join(thread_, nullptr);
}

void ReadAhead::start(std::function<void()> job) {
  wait();
  job_ = std::move(job);
  if (!started_) started_ = start_without_signals(thread_, run, this);
  const Lock lock(mutex_);
  state_ = State::kAsked;
  pthread_cond_broadcast(&changed_);
}

bool ReadAhead::wait() {
  if (!started_) {
    if (std::exchange(state_, State::kIdle) != State::kAsked) return false;
    job_();
    return true;
  }
  const Lock lock(mutex_);
  if (state_ == State::kIdle) return false;
  while (state_ != State::kDone)
    pthread_cond_wait(&changed_, &mutex_);
  state_ = State::kIdle;
  return true;
}

void* ReadAhead::run(void* self) {
  static_cast<ReadAhead*>(self)->work();
  return nullptr;
}

void ReadAhead::work() {
  while (true) {
    {
      const Lock lock(mutex_);
      while (state_ != State::kAsked && state_ != State::kEnd)
        pthread_cond_wait(&changed_, &mutex_);
      if (state_ == State::kEnd) return;
    }
    job_();
    const Lock lock(mutex_);
    state_ = State::kDone;
    pthread_cond_broadcast(&changed_);
  }
}

}  // namespace linnet::runtime::train
