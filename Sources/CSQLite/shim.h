#ifndef BKEND_CSQLITE_SHIM_H
#define BKEND_CSQLITE_SHIM_H

#include <sqlite3.h>

// Swift can't call C functions with a variable argument list. Each function below is one such call with its arguments
// given a type, and nothing more.

/// Sets one of the boolean settings of sqlite3_db_config and reads back what it became.
static inline int bkend_db_config(sqlite3 *db, int setting, int value, int *now) {
    return sqlite3_db_config(db, setting, value, now);
}

// Constants whose macros are casts, which Swift doesn't import.
static inline sqlite3_destructor_type bkend_transient(void) { return SQLITE_TRANSIENT; }

#endif
