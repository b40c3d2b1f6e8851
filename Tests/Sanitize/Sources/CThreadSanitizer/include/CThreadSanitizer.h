// Nothing to call: linking it is enough. See thread_sanitizer.c.
