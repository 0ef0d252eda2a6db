#include "cli/console.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>

#include "report/console_text.h"

namespace srm::cli {

ConsoleOptions console_options() {
  std::setlocale(LC_CTYPE, "");
  ConsoleOptions options;
  options.unicode = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  std::setlocale(LC_CTYPE, "C");
  const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  options.colour = is_terminal && std::getenv("NO_COLOR") == nullptr;
  winsize size = {};
  if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    options.width = std::clamp<int>(size.ws_col, 60, 200);
  } else {
    options.width = 120;  // a file or a pipe: wide enough for most addresses
  }
  return options;
}

std::string printable(std::string_view name) { return report::terminal_text(name, console_options().unicode); }

}  // namespace srm::cli
