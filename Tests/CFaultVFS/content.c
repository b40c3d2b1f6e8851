#include <stdlib.h>
#include <string.h>

#include "disk.h"

uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t mixed(uint64_t seed, uint64_t a, uint64_t b) {
    uint64_t state = seed;
    state = next_random(&state) ^ a;
    state = next_random(&state) ^ b;
    return next_random(&state);
}

bool content_reserve(content *content, int64_t size) {
    if (size <= content->capacity) return true;
    int64_t capacity = content->capacity ? content->capacity : 4096;
    while (capacity < size) capacity *= 2;
    unsigned char *start = realloc(content->start, (size_t)capacity);
    if (!start) return false;
    content->start = start;
    content->capacity = capacity;
    return true;
}

bool content_truncate(content *content, int64_t size) {
    if (!content_reserve(content, size)) return false;
    if (size > content->size) memset(content->start + content->size, 0, (size_t)(size - content->size));
    content->size = size;
    return true;
}

bool content_write(content *content, int64_t offset, const void *bytes, int64_t length) {
    if (length <= 0) return true;
    if (offset + length > content->size && !content_truncate(content, offset + length)) return false;
    memcpy(content->start + offset, bytes, (size_t)length);
    return true;
}

bool content_copy(content *to, const content *from) {
    if (!content_reserve(to, from->size)) return false;
    if (from->size) memcpy(to->start, from->start, (size_t)from->size);
    to->size = from->size;
    return true;
}
