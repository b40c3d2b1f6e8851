#define _GNU_SOURCE
#include "CPicture.h"
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vips/vips.h>

static void pass_over(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {
    (void)domain, (void)level, (void)message, (void)data;
}

int picture_start(const char *program) {
    // A damaged picture can give thousands of warnings.
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING, pass_over, NULL);
    // Pixels stay in memory, which is limited: a file would outlive a process that is killed.
    if (!g_setenv("VIPS_DISC_THRESHOLD", "1g", TRUE) || !g_setenv("TMPDIR", "/nonexistent", TRUE)) return -1;
    if (VIPS_INIT(program)) return -1;
    // Loaders that weren't made for hostile files, such as those of ImageMagick, stay out.
    vips_block_untrusted_set(TRUE);
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    return 0;
}

static int fail(char *error, size_t size, const char *what) {
    const char *reason = what ? what : vips_error_buffer();
    snprintf(error, size, "%s", reason);
    // A full disk says nothing about the picture.
    int result = strstr(reason, "unix error") || strstr(reason, "out of memory") ? -2 : -1;
    vips_error_clear();
    return result;
}

/// The picture in its size.
static VipsImage *resized(VipsSource *source, const picture_options *options) {
    VipsImage *image = NULL;
    // A width must be given; one that is never reached leaves the height to decide.
    int width = options->width ? options->width : VIPS_MAX_COORD;
    int height = options->height ? options->height : VIPS_MAX_COORD;
    if (options->width == 0 && options->height == 0) {
        VipsImage *loaded = vips_image_new_from_source(
            source, "", "access", VIPS_ACCESS_RANDOM, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
        if (!loaded) return NULL;
        if (vips_autorot(loaded, &image, NULL)) image = NULL;
        g_object_unref(loaded);
        return image;
    }
    if (vips_thumbnail_source(
            source, &image, width, "height", height, "size", options->is_cut ? VIPS_SIZE_BOTH : VIPS_SIZE_DOWN, "crop",
            options->is_cut ? VIPS_INTERESTING_ATTENTION : VIPS_INTERESTING_NONE, "fail_on", VIPS_FAIL_ON_ERROR, NULL))
        return NULL;
    return image;
}

static int save(VipsImage *image, VipsTarget *target, const picture_options *options) {
    switch (options->format) {
    case PICTURE_PNG: return vips_pngsave_target(image, target, "strip", TRUE, NULL);
    case PICTURE_WEBP: return vips_webpsave_target(image, target, "Q", options->quality, "strip", TRUE, NULL);
    case PICTURE_JPEG: break;
    }
    VipsImage *flat = NULL;
    VipsArrayDouble *white = vips_array_double_newv(3, 255.0, 255.0, 255.0);
    int result = -1;
    if (vips_image_hasalpha(image)) {
        if (vips_flatten(image, &flat, "background", white, NULL)) flat = NULL;
    } else {
        flat = g_object_ref(image);
    }
    if (flat) {
        result = vips_jpegsave_target(flat, target, "Q", options->quality, "strip", TRUE, NULL);
        g_object_unref(flat);
    }
    vips_area_unref(VIPS_AREA(white));
    return result;
}

int picture_convert(int in, int out, const picture_options *options, char *error, size_t error_size) {
    VipsSource *source = vips_source_new_from_descriptor(in);
    if (!source) return fail(error, error_size, NULL);
    int result = -1;
    VipsImage *image = NULL, *blurred = NULL;
    VipsTarget *target = NULL;

    // The header alone is read: what a small file unpacks to is refused before it is unpacked.
    VipsImage *header = vips_image_new_from_source(source, "", "access", VIPS_ACCESS_SEQUENTIAL, NULL);
    if (!header) {
        result = fail(error, error_size, NULL);
        goto done;
    }
    int64_t pixels = (int64_t)vips_image_get_width(header) * vips_image_get_height(header);
    g_object_unref(header);
    if (pixels > options->most_pixels) {
        snprintf(error, error_size, "the picture has %lld pixels, more than %lld", (long long)pixels,
                 (long long)options->most_pixels);
        goto done;
    }
    image = resized(source, options);
    if (!image) {
        result = fail(error, error_size, NULL);
        goto done;
    }
    if (options->blur > 0) {
        // A blur takes time with the picture's size and its own.
        if ((int64_t)vips_image_get_width(image) * vips_image_get_height(image) > 4000000) {
            snprintf(error, error_size, "a picture of more than 4 million pixels isn't blurred");
            goto done;
        }
        if (vips_gaussblur(image, &blurred, options->blur / 2.0, NULL)) {
            result = fail(error, error_size, NULL);
            goto done;
        }
        g_object_unref(image);
        image = blurred;
    }
    target = vips_target_new_to_descriptor(out);
    if (!target || save(image, target, options)) {
        result = fail(error, error_size, NULL);
        goto done;
    }
    result = 0;
done:
    if (target) g_object_unref(target);
    if (image) g_object_unref(image);
    g_object_unref(source);
    return result;
}

static int limit(int resource, rlim_t most) {
    struct rlimit value = {most, most};
    return setrlimit(resource, &value);
}

int picture_confine(int64_t memory_bytes, int cpu_seconds, int64_t file_bytes) {
    if (close_range(3, ~0U, 0)) return -1;
    if (limit(RLIMIT_AS, (rlim_t)memory_bytes) || limit(RLIMIT_CPU, (rlim_t)cpu_seconds) ||
        limit(RLIMIT_FSIZE, (rlim_t)file_bytes) || limit(RLIMIT_CORE, 0))
        return -1;
    // Whoever takes this process over gains nothing by starting another program.
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return -1;
    setpriority(PRIO_PROCESS, 0, 10);
    return chdir("/");
}
