#include <stdlib.h>
#include <string.h>

#include "disk.h"

file *file_create(fault_disk *disk) {
    file *made = calloc(1, sizeof *made);
    if (made) made->number = ++disk->files_made;
    return made;
}

static void forget_edits(file *file) {
    for (size_t i = 0; i < file->edit_count; i++) free(file->edits[i].bytes);
    file->edit_count = 0;
}

void file_release(file *file) {
    if (!file || --file->references > 0) return;
    forget_edits(file);
    free(file->edits);
    free(file->live.start);
    free(file->durable.start);
    for (int i = 0; i < file->region_count; i++) free(file->regions[i]);
    free(file->regions);
    free(file);
}

static bool remember(file *file, edit made) {
    if (file->edit_count == file->edit_capacity) {
        size_t capacity = file->edit_capacity ? file->edit_capacity * 2 : 16;
        edit *edits = realloc(file->edits, capacity * sizeof *edits);
        if (!edits) return false;
        file->edits = edits;
        file->edit_capacity = capacity;
    }
    file->edits[file->edit_count++] = made;
    return true;
}

bool file_write(file *file, int64_t offset, const void *bytes, int64_t length) {
    if (length <= 0) return true;
    unsigned char *copy = malloc((size_t)length);
    if (!copy) return false;
    memcpy(copy, bytes, (size_t)length);
    if (!content_write(&file->live, offset, bytes, length) || !remember(file, (edit){offset, length, copy})) {
        free(copy);
        return false;
    }
    return true;
}

bool file_truncate(file *file, int64_t size) {
    return content_truncate(&file->live, size) && remember(file, (edit){size, 0, NULL});
}

static bool apply(content *content, const edit *edit) {
    return edit->bytes ? content_write(content, edit->offset, edit->bytes, edit->length)
                       : content_truncate(content, edit->offset);
}

bool file_sync(file *file) {
    for (size_t i = 0; i < file->edit_count; i++)
        if (!apply(&file->durable, &file->edits[i])) return false;
    forget_edits(file);
    return true;
}

bool file_sync_failed(file *file, uint64_t seed) {
    content found = {0};
    bool done = file_cut(file, FAULT_CUT_ORDERED, seed, &found) && content_copy(&file->durable, &found);
    free(found.start);
    if (done) forget_edits(file);
    return done;
}

/// A part of a write that lies within one sector: what a disk writes whole. Or a truncation.
typedef struct piece {
    edit part;
    size_t moment; // the edit's place in the log
} piece;

typedef struct pieces {
    piece *start;
    size_t count;
} pieces;

static bool split(const file *file, pieces *pieces) {
    size_t count = 0;
    for (size_t i = 0; i < file->edit_count; i++) {
        const edit *edit = &file->edits[i];
        count += edit->bytes ? (size_t)(edit->length / sector_size + 2) : 1;
    }
    pieces->count = 0;
    pieces->start = malloc((count + 1) * sizeof(piece));
    if (!pieces->start) return false;
    for (size_t i = 0; i < file->edit_count; i++) {
        edit rest = file->edits[i];
        if (!rest.bytes) {
            pieces->start[pieces->count++] = (piece){rest, i};
            continue;
        }
        while (rest.length > 0) {
            edit part = rest;
            int64_t room = sector_size - rest.offset % sector_size;
            if (part.length > room) part.length = room;
            pieces->start[pieces->count++] = (piece){part, i};
            rest.offset += part.length;
            rest.bytes += part.length;
            rest.length -= part.length;
        }
    }
    return true;
}

static uint64_t sector_of(const edit *part) {
    return part->bytes ? (uint64_t)(part->offset / sector_size) : UINT64_MAX;
}

static bool keep_ordered(const file *file, pieces *pieces, bool shredded, uint64_t seed, content *found) {
    // One moment for all sectors (an orderly disk), or one for each.
    bool together = mixed(seed, file->number, 1) % 4 == 0;
    size_t moments = file->edit_count + 1;
    for (size_t i = 0; i < pieces->count; i++) {
        piece *piece = &pieces->start[i];
        uint64_t sector = sector_of(&piece->part);
        size_t last = mixed(seed, file->number, together ? 2 : sector + 3) % moments;
        if (piece->moment < last) {
            if (!apply(found, &piece->part)) return false;
        } else if (shredded && piece->moment == last && piece->part.bytes) {
            unsigned char noise[sector_size];
            uint64_t state = mixed(seed, sector, piece->moment);
            for (int64_t at = 0; at < piece->part.length; at++) noise[at] = (unsigned char)next_random(&state);
            if (!content_write(found, piece->part.offset, noise, piece->part.length)) return false;
        }
    }
    return true;
}

static bool keep_reordered(const file *file, pieces *pieces, uint64_t seed, content *found) {
    uint64_t state = mixed(seed, file->number, 4);
    static const uint64_t chances[] = {16, 64, 128, 192, 240};
    uint64_t chance = chances[next_random(&state) % 5];
    size_t kept = 0;
    for (size_t i = 0; i < pieces->count; i++)
        if (next_random(&state) % 256 < chance) pieces->start[kept++] = pieces->start[i];
    for (size_t i = kept; i > 1; i--) {
        size_t other = next_random(&state) % i;
        piece swapped = pieces->start[i - 1];
        pieces->start[i - 1] = pieces->start[other];
        pieces->start[other] = swapped;
    }
    for (size_t i = 0; i < kept; i++)
        if (!apply(found, &pieces->start[i].part)) return false;
    return true;
}

bool file_cut(const file *file, fault_cut mode, uint64_t seed, content *found) {
    if (mode == FAULT_CUT_NOTHING) return content_copy(found, &file->live);
    if (!content_copy(found, &file->durable)) return false;
    pieces pieces;
    if (!split(file, &pieces)) return false;
    bool done = mode == FAULT_CUT_REORDERED
                    ? keep_reordered(file, &pieces, seed, found)
                    : keep_ordered(file, &pieces, mode == FAULT_CUT_SHREDDED, seed, found);
    free(pieces.start);
    return done;
}
