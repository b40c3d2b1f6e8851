#ifndef CPICTURE_H
#define CPICTURE_H

#include <stddef.h>
#include <stdint.h>

typedef enum picture_format { PICTURE_JPEG, PICTURE_PNG, PICTURE_WEBP } picture_format;

/// How a picture is to look.
typedef struct picture_options {
    /// The sides in pixels; 0 for one that follows from the other, both 0 for the picture's own.
    int width, height;
    /// Whether the picture is cut to fill both sides, around what seems to matter; else it fits in them whole, and is never
    /// enlarged.
    int is_cut;
    picture_format format;
    /// 1 to 100, for JPEG and WebP.
    int quality;
    /// The radius of a blur in pixels, 0 for none.
    int blur;
    /// The most pixels that the original may have.
    int64_t most_pixels;
} picture_options;

/// Sets up the library, once: only loaders that are meant for files of strangers, one thread, no cache. 0 when it worked.
int picture_start(const char *program);

/// Reads a picture from one descriptor and writes it, as the options want it, to another. 0 when it worked; else `error`
/// says why, and nothing or half a picture was written: -1 when the input is to blame, -2 for anything else.
int picture_convert(int in, int out, const picture_options *options, char *error, size_t error_size);

/// Limits what this process may take, and closes every descriptor but the first three. 0 when it worked.
int picture_confine(int64_t memory_bytes, int cpu_seconds, int64_t file_bytes);

#endif
