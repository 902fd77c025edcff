// What a terminal shows while something takes long, and that nothing else sees it.
#include "cli/line_diff.h"
#include "cli/progress.h"
#include "tests/cli/command.h"

#include <gmock/gmock.h>

#include <poll.h>
#include <pty.h>
#include <unistd.h>

namespace linnet::cli {
namespace {

using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

// A terminal of 40 columns whose other end is read here.
class Terminal {
public:
  Terminal() {
    winsize size{24, 40, 0, 0};
    EXPECT_EQ(openpty(&master_, &slave_, nullptr, nullptr, &size), 0);
  }
  ~Terminal() {
    close(master_);
    close(slave_);
  }
  int file() const { return slave_; }
  // All that was written to it by now.
  std::string text() const {
    std::string text;
    for (pollfd p{master_, POLLIN, 0}; poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0;)
      text += chunk();
    return text;
  }
  // Waits for the next that is written.
  std::string chunk() const {
    char bytes[4096];
    const ssize_t got = read(master_, bytes, sizeof bytes);
    return {bytes, got > 0 ? static_cast<size_t>(got) : 0};
  }

private:
  int master_ = -1, slave_ = -1;
};

TEST(Progress, LineTellsWhatHowMuchAndHowLong) {
  EXPECT_EQ(Progress::line("compiling 63 kernels", 41, 63, std::chrono::milliseconds(11000), 80),
            "compiling 63 kernels  41/63  6 s left");
  EXPECT_EQ(Progress::line("compiling 63 kernels", 0, 63, seconds(1), 80),
            "compiling 63 kernels  0/63");
  EXPECT_EQ(Progress::line("measuring", 1, 31, seconds(10), 80), "measuring  1/31  5 min left");
  EXPECT_EQ(Progress::line("optimising", 0, 0, seconds(9), 80), "optimising");
  EXPECT_EQ(Progress::line("reading grüße.onnx", 0, 0, seconds(9), 12), "reading grü");
}

TEST(Progress, StandsInOneLineAndIsGoneAtTheEnd) {
  const Terminal terminal;
  Progress progress(terminal.file(), std::chrono::milliseconds(0));
  progress.phase("compiling 3 kernels", 3);
  progress.done(3);
  progress.stop();
  const std::string text = terminal.text();
  EXPECT_THAT(text, HasSubstr("\r\x1b[Kcompiling 3 kernels  0/3"));
  EXPECT_THAT(text, HasSubstr("\r\x1b[Kcompiling 3 kernels  3/3"));
  EXPECT_THAT(text, EndsWith("\r\x1b[K"));
  EXPECT_EQ(text.find('\n'), std::string::npos);
  progress.done(3);  // after the end
  EXPECT_EQ(terminal.text(), "");
}

// One long call of a library tells nothing: the line comes all the same.
TEST(Progress, ComesWhileTheWorkIsOneCall) {
  const Terminal terminal;
  Progress progress(terminal.file(), std::chrono::milliseconds(1));
  progress.phase("optimising");
  EXPECT_EQ(terminal.chunk(), "\r\x1b[Koptimising");
}

TEST(Progress, IsSilentBeforeItsTimeAndWhereNobodyLooks) {
  const Terminal terminal;
  {
    Progress progress(terminal.file(), std::chrono::hours(1));
    progress.phase("reading");
    progress.done(1);
  }
  {
    Progress progress(terminal.file(), std::chrono::milliseconds(0));
    progress.silence();
    progress.phase("reading");
  }
  EXPECT_EQ(terminal.text(), "");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    Progress progress(ends[1], std::chrono::milliseconds(0));
    progress.phase("reading");
  }
  close(ends[1]);
  char byte;
  EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
}

// What the command writes when standard error is a terminal.
class OnATerminal : public Command {
protected:
  std::string see(const std::string& line) {
    int master = -1;
    const pid_t child = forkpty(&master, nullptr, nullptr, nullptr);
    if (child == 0) {
      if (chdir(folder_.c_str()) != 0) _exit(9);
      execl("/bin/sh", "sh", "-c", (LINNET_COMMAND " " + line).c_str(), nullptr);
      _exit(9);
    }
    std::string text;
    char bytes[4096];
    for (ssize_t got; (got = read(master, bytes, sizeof bytes)) > 0;)
      text.append(bytes, static_cast<size_t>(got));
    close(master);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0) << text;
    // What was drawn over is not seen.
    for (size_t at; (at = text.find("\r\x1b[K")) != std::string::npos;) {
      const size_t begin = text.rfind('\n', at) == std::string::npos ? 0 : text.rfind('\n', at) + 1;
      text.erase(begin, at + 4 - begin);
    }
    return text;
  }
};

TEST_F(OnATerminal, CompileEndsWithFileSizeTargetAndTime) {
  write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 3] { layer fc = linear(3); fc(x) }\n");
  EXPECT_THAT(see("compile m.lin --target x86-64-v3 --seed 1"),
              MatchesRegex("(.*\n)*m  [0-9]+ kB  x86-64-v3  [0-9.]+ s\r\n"));
  EXPECT_THAT(see("compile m.lin --target x86-64-v3 --emit lib"),
              MatchesRegex("(.*\n)*libm.a and m.h  [0-9.]+ kB  x86-64-v3  [0-9.]+ s\r\n"));
  EXPECT_EQ(see("compile m.lin --emit obj --quiet").find(" s\r\n"), std::string::npos);
  EXPECT_EQ(linnet("compile m.lin --emit obj"), 0);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_.find(" s\n"), std::string::npos);
}

TEST_F(OnATerminal, DumpShowsDifferencesInColour) {
  write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 4] { x |> dropout(p: 0.5) |> relu }\n");
  EXPECT_THAT(see("dump m.lin --diff"), HasSubstr("\x1b[31m-  %dropout"));
  EXPECT_EQ(see("dump m.lin --diff | cat").find('\x1b'), std::string::npos);
  setenv("NO_COLOR", "1", 1);
  EXPECT_EQ(see("dump m.lin --diff").find('\x1b'), std::string::npos);
  unsetenv("NO_COLOR");
}

TEST(LineDiff, IsWhatDiffPrints) {
  EXPECT_EQ(line_diff("a\nb\n", "a\nb\n"), "");
  EXPECT_EQ(line_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
  EXPECT_EQ(line_diff("a\n", "a\nb\n"), "@@ -1,1 +1,2 @@\n a\n+b\n");
  EXPECT_EQ(line_diff("a\nb\nc\n", "b\nc\n"), "@@ -1,3 +1,2 @@\n-a\n b\n c\n");
  // Changes far apart are hunks of their own.
  std::string before, after;
  for (int i = 0; i < 40; ++i) {
    before += std::to_string(i) + "\n";
    after += (i == 5 || i == 30 ? "x" : std::to_string(i)) + "\n";
  }
  const std::string diff = line_diff(before, after);
  EXPECT_THAT(diff, HasSubstr("@@ -3,7 +3,7 @@\n"));
  EXPECT_THAT(diff, HasSubstr("@@ -28,7 +28,7 @@\n"));
}

}  // namespace
}  // namespace linnet::cli
