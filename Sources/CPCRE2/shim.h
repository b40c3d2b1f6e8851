#ifndef BKEND_CPCRE2_SHIM_H
#define BKEND_CPCRE2_SHIM_H

// PCRE2 names its functions by macros that Swift doesn't import; this picks the 8-bit ones. Names end in `_8` in Swift.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#endif
