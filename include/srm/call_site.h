#pragma once

#include <torch/script.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace srm {

// Note [Addresses]
// Every place where an activation passes has an address:
//
//   encoder.0            what a module's forward gives; "." is the model itself
//   codec!encode         what another of its methods gives; ".!generate" of the model's own
//   block.1/tanh         what an operator gives that stands in the module's own code ("./tanh": in the model's)
//   fn:clamp_twice       what a script function gives, or a method of a script class (fn:Box.area)
//   encoder.0#1          the second place, where one method of the model has several with the same address (from 0)
//
// and behind any of them, in this order:
//
//   encoder.0@input      what goes in there: the argument, or all of them as a tuple
//   step[2]              only the third turn of the loop around it; step[*] each turn apart, step[0,2] nested loops
//   lstm:1:0  split:key  an element of a tuple or list, the entry of a dict, the attribute of an object; of what goes
//                        in also by the argument's name (attention@input:query). `:0` of a tensor is itself.
//
// A loop that a script runs is one place; a loop that tracing unrolled is several. An address means the same whichever
// method of the model reaches it.

/// What kind of place a call site is.
enum class SiteKind { kModule, kNode, kFunction };

/// One place in a model where an activation passes; see Note [Addresses].
struct CallSite {
  std::string address;      ///< what selectors choose it by
  std::string module_path;  ///< whose call it is, or whose code an operator or function stands in; "." is the model
  std::string type;         ///< class of the module ("Linear"), operator ("aten::tanh") or function
  std::string method;       ///< what is called: "forward"; "forward1" of a traced module; empty for operators
  SiteKind kind = SiteKind::kModule;  ///< what is called there
  bool is_closed = false;   ///< a call through an interface or of C++ code: its output passes, its inside is not seen
  int num_loops = 0;        ///< loops of a script around it
  std::string source = {};  ///< "model.py:12", where it is recorded
  std::vector<std::string> input_names = {};  ///< of what goes in, one a value
  std::vector<std::string> methods = {};      ///< the methods of the model that come by here
};

/// All call sites of `model`, through each of its methods, in the order in which outputs pass: a child before its
/// parent, the model itself (".") last, what only other methods than forward reach behind it.
/// Throws Error when the model has no method.
std::vector<CallSite> call_sites(const torch::jit::Module& model);

/// What is taken at one call site: the value that passes, or a part of it.
struct Selection {
  std::size_t site = 0;            ///< index of the call site
  bool takes_input = false;        ///< what goes in is taken, and not what comes out
  bool is_named = false;           ///< chosen by its own address, not by a pattern: then it must be of a kind that fits
  bool splits_iterations = false;  ///< each turn of its loop is taken apart
  std::vector<std::int64_t> iteration = {};  ///< with splits_iterations: only this one; empty: each apart
  std::vector<std::string> element = {};     ///< way to one element of a tuple, list or dict; empty: all of it
  std::vector<std::vector<std::string>> without = {};  ///< elements that are taken away again

  friend bool operator==(const Selection&, const Selection&) = default;
};

/// The address of what a selection takes, with all that stands behind the site's own.
std::string address_of(const Selection& selection, const std::vector<CallSite>& sites);

/// What `selectors` choose, by ascending site, what goes in before what comes out.
///
/// A selector is an address, an address without `#k` (every place), or a pattern: a glob (`*` is any text but none of
/// `!/:@`, `?` one such character), `re:` and a regular expression that must fit a whole address, or `type:` and a
/// glob for the class of modules. What may stand behind an address may stand behind a glob and `type:` too. Without a
/// `/`, `!` or `fn:` in it a pattern chooses modules' forwards alone, and only "." names the model itself. `!` in front
/// takes away. Chosen is what any selector names less what any `!` selector names, in whatever order they stand; with
/// `!` selectors alone, what `*` names less those. Throws Error, with the nearest addresses, when a selector without
/// `!` names nothing, when nothing is left, and when one cannot be read.
std::vector<Selection> select_call_sites(const std::vector<CallSite>& sites, const std::vector<std::string>& selectors);

/// The element of `value` that `path` leads to, or none: an index into a tuple or list, a key of a dict, an attribute
/// of an object. The element "0" of a tensor is itself.
std::optional<c10::IValue> find_element(const c10::IValue& value, const std::vector<std::string>& path);

}  // namespace srm
