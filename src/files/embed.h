#pragma once

// TORCHSRM_EMBED(symbol, path) puts the bytes of the file `path`, a literal, between symbol_begin and symbol_end. The
// assembler takes it in as it is: megabytes as an array of numbers would take a compiler minutes. The build must name
// the file as what the source depends on (OBJECT_DEPENDS).

// clang-format off
#define TORCHSRM_EMBED(symbol, path)                    \
  asm(".pushsection .rodata,\"a\",@progbits\n"          \
      ".hidden " #symbol "_begin, " #symbol "_end\n"    \
      ".global " #symbol "_begin, " #symbol "_end\n"    \
      #symbol "_begin:\n"                               \
      ".incbin \"" path "\"\n"                          \
      #symbol "_end:\n"                                 \
      ".popsection\n");                                 \
  extern "C" const char symbol##_begin[];               \
  extern "C" const char symbol##_end[];
// clang-format on
