// The library as its users meet it: from C, from C++, two models in one program.
#include "tests/models/compiled_model.h"

#include "base/io/file.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace linnet::models {
namespace {

class Library : public testing::Test {
protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/linnet_library_XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::system(("rm -rf '" + folder_ + "'").c_str()); }

  void add(const BuildRequest& request) {
    const CompiledModel model = build(request);
    const std::string& name = model.options.name;
    ASSERT_TRUE(write_archive(model.compiled, folder_ + "/lib" + name + ".a").has_value());
    ASSERT_TRUE(write_file(folder_ + "/" + name + ".h", model.compiled.header));
    libraries_ += " " + folder_ + "/lib" + name + ".a";
  }

  // Compiles, links, runs; what it printed.
  std::string run(const std::string& compiler, const std::string& file, const std::string& text) {
    std::ofstream(folder_ + "/" + file) << text;
    const std::string command = "cd '" + folder_ + "' && " + compiler +
                                " -Wall -Wextra -Werror -pedantic " + file + " " + libraries_ +
                                " -o program 2> log && ./program > output";
    const int status = std::system(command.c_str());
    std::ostringstream log;
    log << std::ifstream(folder_ + "/log").rdbuf();
    EXPECT_EQ(status, 0) << log.str();
    std::ostringstream output;
    output << std::ifstream(folder_ + "/output").rdbuf();
    return output.str();
  }

  std::string folder_, libraries_;
};

BuildRequest lenet() {
  BuildRequest request;
  request.product = false;
  return request;
}

BuildRequest ar() {
  BuildRequest request;
  request.model = "ar";
  request.weights = "ar9_sunspots.safetensors";
  request.settings = {{"p", "9"}};
  request.product = false;
  return request;
}

// The plan's bytes are those of --explain plan_memory; NAME_run_u8 holds its picture behind them.
TEST(Header, SaysOfWhatTheArenaIsMade) {
  const std::string header = build(lenet()).compiled.header;
  EXPECT_NE(
      header.find("#define LENET_ARENA_BYTES 9472 /* 6336 planned + 3136 for lenet_run_u8 */"),
      std::string::npos)
      << header;
  EXPECT_NE(build(ar()).compiled.header.find("#define AR_ARENA_BYTES 0\n"), std::string::npos);
}

constexpr const char* kDigits = R"(
#include <stdio.h>
#include "lenet.h"
static float image[784];
static float logits[10];
#ifdef __cplusplus
alignas(64)
#else
_Alignas(64)
#endif
static unsigned char arena[LENET_ARENA_BYTES];
int main(void) {
  int i, best = 0;
  if (LENET_ABI != 1 || LENET_BATCH != 1 || !lenet_supported()) return 1;
  for (i = 0; i < 784; ++i) image[i] = 0;
  for (i = 8; i < 20; ++i) image[28 * i + 14] = 1; /* a stroke */
  if (lenet_run(image, logits, 0) != LENET_ARENA_NULL) return 2;
  if (lenet_run(image, logits, arena + 4) != LENET_ARENA_MISALIGNED) return 3;
  if (lenet_run(image, logits, arena) != 0) return 4;
  for (i = 1; i < 10; ++i) if (logits[i] > logits[best]) best = i;
  printf("%s\n", lenet_labels[best]);
  return 0;
}
)";

TEST_F(Library, ServesC) {
  add(lenet());
  EXPECT_EQ(run("cc -std=c11", "program.c", kDigits), "1\n");
}

// The first call of a program whose linker binds functions only when they are called: on a stack of
// exactly STACK_BYTES, beside what swapcontext and the caller take, before a page that may not be
// touched.
TEST_F(Library, NeedsNoMoreStackThanItSaysAtTheFirstCall) {
  add(lenet());
  const std::string text = R"(
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include "lenet.h"
enum { kCaller = 128 };
static float image[784], logits[10];
static _Alignas(64) unsigned char arena[LENET_ARENA_BYTES];
static ucontext_t here, there;
static int status = -1;
static void call(void) { status = lenet_run(image, logits, arena); }
int main(void) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = LENET_STACK_BYTES + kCaller;
  unsigned char *low = mmap(0, 64 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (low == MAP_FAILED || bytes > 62 * page) return 1;
  if (mprotect(low + page, 63 * page, PROT_READ | PROT_WRITE) != 0) return 2;
  getcontext(&there);
  there.uc_stack.ss_sp = low + page;
  there.uc_stack.ss_size = bytes;
  there.uc_link = &here;
  makecontext(&there, call, 0);
  swapcontext(&here, &there);
  printf("%d\n", status);
  return 0;
}
)";
  EXPECT_EQ(run("cc -std=c11 -O1 -Wl,-z,lazy", "program.c", text), "0\n");
}

TEST_F(Library, ServesCPlusPlus) {
  add(lenet());
  EXPECT_EQ(run("c++ -std=c++17", "program.cpp", kDigits), "1\n");
}

// Bytes and the floats they stand for give the same logits, to the bit.
TEST_F(Library, TakesBytes) {
  add(lenet());
  const std::string text = R"(
#include <stdio.h>
#include <string.h>
#include "lenet.h"
static unsigned char pixels[28 * 32];
static float image[784], a[10], b[10];
_Alignas(64) static unsigned char arena[LENET_ARENA_BYTES];
int main(void) {
  int x, y;
  for (y = 0; y < 28; ++y)
    for (x = 0; x < 28; ++x) {
      pixels[32 * y + x] = (unsigned char)((x * 11 + y * 7) % 256);
      image[28 * y + x] = (float)pixels[32 * y + x] * (1.0f / 255.0f);
    }
  if (lenet_run_u8(pixels, 32, a, 0) != LENET_ARENA_NULL) return 1;
  if (lenet_run_u8(pixels, 32, a, arena + 4) != LENET_ARENA_MISALIGNED) return 2;
  if (lenet_run_u8(pixels, 32, a, arena) != 0 || lenet_run(image, b, arena) != 0) return 3;
  printf("%d\n", memcmp(a, b, sizeof a));
  return 0;
}
)";
  EXPECT_EQ(run("cc -std=c11", "program.c", text), "0\n");
}

TEST_F(Library, TwoModelsLiveInOneProgram) {
  add(lenet());
  add(ar());
  const std::string text = R"(
#include <stdio.h>
#include "ar.h"
#include "lenet.h"
static float image[784], logits[10];
_Alignas(64) static unsigned char arena[LENET_ARENA_BYTES];
int main(void) {
  const float history[9] = {10, 20, 30, 40, 50, 60, 50, 40, 30};
  float forecast[1];
  if (ar_run(history, forecast, 0) != 0 || AR_ARENA_BYTES != 0) return 1;
  if (lenet_run(image, logits, arena) != 0) return 2;
  printf("%d\n", forecast[0] > 0 && forecast[0] < 100);
  return 0;
}
)";
  EXPECT_EQ(run("cc -std=c11", "program.c", text), "1\n");
}

// Each thread has an arena of its own, and nothing else is written.
TEST_F(Library, ServesSeveralThreadsAtOnce) {
  add(lenet());
  const std::string text = R"(
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "lenet.h"
enum { kThreads = 4 };
static float images[kThreads][784], alone[kThreads][10];
static _Alignas(64) unsigned char arenas[kThreads][LENET_ARENA_BYTES / 64 * 64 + 64];
static void *work(void *which) {
  const int i = *(const int *)which;
  float logits[10];
  for (int k = 0; k < 2000; ++k) {
    if (lenet_run(images[i], logits, arenas[i]) != 0) return which;
    if (memcmp(logits, alone[i], sizeof logits) != 0) return which;
  }
  return NULL;
}
int main(void) {
  pthread_t threads[kThreads];
  int which[kThreads], wrong = 0;
  for (int i = 0; i < kThreads; ++i) {
    for (int k = 0; k < 784; ++k) images[i][k] = (float)(k * (7 + i) % 100) / 100;
    if (lenet_run(images[i], alone[i], arenas[i]) != 0) return 1;
    which[i] = i;
  }
  for (int i = 0; i < kThreads; ++i)
    if (pthread_create(threads + i, NULL, work, which + i) != 0) return 2;
  for (int i = 0; i < kThreads; ++i) {
    void *bad;
    pthread_join(threads[i], &bad);
    wrong += bad != NULL;
  }
  printf("%d\n", wrong);
  return 0;
}
)";
  EXPECT_EQ(run("cc -std=c11 -pthread", "program.c", text), "0\n");
}

// Threads as a program in C has them: started, changed, refused, ended, shared by callers at the
// same time and forgotten by a child; the same bits throughout.
TEST_F(Library, StartsThreadsForC) {
  BuildRequest request = lenet();
  request.threads = 4;
  add(request);
  const std::string text = R"(
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lenet.h"
enum { kCallers = 3 };
static float image[784], alone[10];
static _Alignas(LENET_ARENA_ALIGN) unsigned char arenas[kCallers][(LENET_ARENA_BYTES + 63) / 64 * 64];
static int wrong(int caller) {
  float logits[10];
  return lenet_run(image, logits, arenas[caller]) != 0 || memcmp(logits, alone, sizeof alone) != 0;
}
static void *work(void *which) {
  int i;
  for (i = 0; i < 500; ++i)
    if (wrong(*(const int *)which)) return which;
  return NULL;
}
static int at_once(void) {
  pthread_t callers[kCallers];
  int which[kCallers], bad = 0, i;
  for (i = 0; i < kCallers; ++i) {
    which[i] = i;
    if (pthread_create(callers + i, NULL, work, which + i) != 0) return 1;
  }
  for (i = 0; i < kCallers; ++i) {
    void *result;
    pthread_join(callers[i], &result);
    bad += result != NULL;
  }
  return bad;
}
static int child(void) {
  int status = 0;
  const pid_t id = fork();
  if (id == 0) {
    const int bad = wrong(0) || lenet_threads_start(3, 0) != 0 || wrong(0);
    lenet_threads_stop();
    _exit(bad || wrong(0));
  }
  return waitpid(id, &status, 0) != id || status != 0;
}
int main(void) {
  int i, bad = 0;
  for (i = 0; i < 784; ++i) image[i] = (float)(i * 7 % 100) / 100;
  if (lenet_run(image, alone, arenas[0]) != 0) return 1;
  lenet_threads_stop();
  printf("%d %d %d %d\n", LENET_THREADS, lenet_threads_start(5, 0) == LENET_THREADS_INVALID,
         lenet_threads_start(0, 0) == LENET_THREADS_INVALID,
         lenet_threads_start(2, -1) == LENET_THREADS_INVALID);
  for (i = 1; i <= LENET_THREADS; ++i)
    bad += lenet_threads_start(i, 0) != 0 || wrong(0) || at_once() != 0 || child() || wrong(0);
  printf("%d %d\n", bad, LENET_THREAD_BYTES > LENET_STACK_BYTES);
  lenet_threads_stop();
  lenet_threads_stop();
  printf("%d %d\n", wrong(0), LENET_THREADS_FAILED);
  return 0;
}
)";
  EXPECT_EQ(run("cc -std=c11 -pthread", "program.c", text), "4 1 1 1\n0 1\n0 -6\n");
}

TEST_F(Library, HeaderIsC99) {
  add(lenet());
  EXPECT_EQ(run("cc -std=c99", "program.c",
                "#include \"lenet.h\"\nint main(void) { return LENET_STACK_BYTES < 0; }\n"),
            "");
}

}  // namespace
}  // namespace linnet::models
