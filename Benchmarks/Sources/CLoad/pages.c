#include "CLoad.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/// One transfer and the page that it collects.
typedef struct {
    CURL *handle;
    char *bytes;
    size_t length, space;
} page;

static size_t collect(char *data, size_t size, size_t count, void *context) {
    page *page = context;
    size_t more = size * count;
    if (page->length + more > page->space) {
        page->space = 2 * (page->length + more);
        page->bytes = realloc(page->bytes, page->space);
        if (!page->bytes) return 0;
    }
    memcpy(page->bytes + page->length, data, more);
    page->length += more;
    return more;
}

static void start(CURLM *multi, page *page, const char *url) {
    page->length = 0;
    curl_easy_setopt(page->handle, CURLOPT_URL, url);
    curl_multi_add_handle(multi, page->handle);
}

int bench_fetch_pages(
    const char *const *urls, int count, int in_flight, const char *header,
    void (*take)(void *context, const char *bytes, size_t length), void *context) {
    if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) return -1;
    CURLM *multi = curl_multi_init();
    struct curl_slist *headers = curl_slist_append(NULL, header);
    page *pages = calloc((size_t)in_flight, sizeof *pages);
    int started = 0, done = 0, failed = 0;
    for (int i = 0; i < in_flight && started < count; i++) {
        CURL *handle = pages[i].handle = curl_easy_init();
        curl_easy_setopt(handle, CURLOPT_PRIVATE, &pages[i]);
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, collect);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, &pages[i]);
        start(multi, &pages[i], urls[started++]);
    }
    while (done < count && !failed) {
        int running, queued;
        CURLMsg *message;
        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &queued))) {
            page *page;
            failed |= message->data.result != CURLE_OK;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &page);
            curl_multi_remove_handle(multi, page->handle);
            if (!failed) take(context, page->bytes, page->length);
            done++;
            if (started < count) start(multi, page, urls[started++]);
        }
        if (done < count) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    for (int i = 0; i < in_flight; i++) {
        if (pages[i].handle) curl_easy_cleanup(pages[i].handle);
        free(pages[i].bytes);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    free(pages);
    return failed ? -1 : done;
}
