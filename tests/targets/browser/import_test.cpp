// A page that imports a model, in headless Chromium from a static server.
#include "tests/cli/command.h"

#include <gmock/gmock.h>

namespace linnet {
namespace {

class Browser : public Command {};

TEST_F(Browser, APageImportsTheModelAndReadsADigit) {
  ASSERT_EQ(run("chromium --version"), 0) << "this test needs a browser: apt-get install chromium";
  ASSERT_EQ(linnet("compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors "
                   "--emit wasm"),
            0)
      << err_;
  // The server takes a port that is free, says which, and ends with the browser.
  write("serve.py", R"(
import functools, http.server, subprocess, sys, threading
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.exit(subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=profile",
                         "--virtual-time-budget=60000", "--enable-logging=stderr", "--dump-dom",
                         f"http://127.0.0.1:{server.server_port}/index.html"]).returncode)
)");
  for (const std::string digit : {"3", "8"}) {
    ASSERT_EQ(run("cp $S/examples/node/index.html . && cp $S/models/data/digits/" + digit +
                  ".png digit.png && python3 serve.py"),
              0)
        << err_;
    EXPECT_THAT(out_, testing::HasSubstr("<output id=\"answer\">" + digit + "</output>")) << err_;
    EXPECT_THAT(err_, testing::Not(testing::HasSubstr("CONSOLE"))) << "errors of the page";
  }
}

}  // namespace
}  // namespace linnet
