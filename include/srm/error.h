#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

/// All of torchsrm; README.md tells where to begin.
namespace srm {

/// The one exception type of this library; what() reads "[where] rule; got what was found; advice".
/// `where` names the function or file, `rule` says what must hold, `advice` is the next thing to do.
class Error : public std::runtime_error {
 public:
  /// Of the words of a message: where it was found, the rule, what was got, and what to do.
  Error(std::string_view where, std::string_view rule, std::string_view got, std::string_view advice);
  /// The same error, met at `place`: what() reads "[place: where] rule; got ...; advice".
  Error(std::string_view place, const Error& cause);
  /// An error that was kept as its text, what() of another.
  static Error from_text(const std::string& text) { return Error(text); }

 private:
  explicit Error(const std::string& text) : std::runtime_error(text) {}
};

}  // namespace srm
