// Every model of tests/data/models, an input that it takes, and the addresses of its modules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace srm::test {

struct SitesCase {
  std::string model;
  std::vector<std::int64_t> input_shape;
  std::vector<std::string> addresses;
};

inline void PrintTo(const SitesCase& c, std::ostream* out) { *out << c.model; }

/// The addresses of attention_traced.pt; the scripted form also calls helpers of each layer and its attention.
inline std::vector<std::string> attention_addresses(bool scripted) {
  std::vector<std::string> addresses;
  for (const std::string layer : {"encoder.layers.0", "encoder.layers.1"}) {
    for (const char* name :
         {".self_attn!merge_masks#0", ".self_attn!merge_masks#1", ".self_attn", ".dropout1", "!_sa_block", ".norm1",
          ".linear1", ".dropout", ".linear2", ".dropout2", "!_ff_block", ".norm2", ""}) {
      const std::string address = layer + name;
      if (scripted || address.find('!') == std::string::npos) addresses.push_back(address);
    }
  }
  addresses.insert(addresses.end(), {"encoder", "head", "."});
  return addresses;
}

inline const SitesCase kModels[] = {
    {"mlp_scripted", {5, 6}, {"encoder.0", "encoder.1", "encoder.2", "encoder.3", "encoder", "decoder", "."}},
    {"mlp_traced", {5, 6}, {"encoder.0", "encoder.1", "encoder.2", "encoder.3", "encoder", "decoder", "."}},
    {"mlp_frozen", {5, 6}, {"."}},
    {"linear_scripted", {5, 4}, {"."}},
    {"reused_scripted", {5, 5}, {"layer#0", "layer#1", "first", "second", "layer#2", "."}},
    {"reused_traced", {5, 5}, {"layer#0", "layer#1", "first#0", "first#1", "layer#2", "."}},
    {"in_place_scripted", {5, 4}, {"layer", "activation", "last", "."}},
    {"in_place_traced", {5, 4}, {"layer", "activation", "last", "."}},
    {"containers_scripted", {5, 4}, {"blocks.0", "blocks.1", "blocks.2", "heads.left", "heads.right", "."}},
    {"branches_scripted", {5, 4}, {"positive", "negative", "step", "."}},
    {"structured_scripted", {5, 4}, {"split.left", "split.right", "split", "join", "."}},
    {"forked_scripted", {5, 4}, {"right.0", "right.1", "right", "left", "."}},
    {"methods_scripted",
     {5, 4},
     {"codec.inner#0", "codec!_scaled#0", "codec!encode", "codec.inner#1", "codec!_scaled#1", "codec", ".",
      ".!generate"}},
    {"opaque_scripted", {5, 4}, {"swapped", "layer", "."}},
    {"failing_scripted", {5, 4}, {"body.0", "body", "."}},
    {"recurrent_scripted", {2, 5, 4}, {"gru!permute_hidden#0", "gru!permute_hidden#1", "gru", "head", "."}},
    {"memory_scripted",
     {2, 5, 4},
     {"tokens", "embedding", "lstm!permute_hidden#0", "lstm!permute_hidden#1", "lstm", "."}},
    {"boxes_scripted", {5, 4}, {"boxes.low", "boxes.high", "boxes", "."}},
    {"quantised_scripted", {5, 4}, {"quant", "layers.0", "layers.1", "layers.2", "layers", "dequant", "."}},
    {"awaited_scripted", {5, 4}, {"layer", ".!work", "."}},
    {"attention_traced", {3, 5, 16}, attention_addresses(false)},
    {"attention_scripted", {3, 5, 16}, attention_addresses(true)},
};

}  // namespace srm::test
