#include "CLoad.h"

#include <curl/curl.h>
#include <stdlib.h>

struct bench_bare_loop {
    CURLM *multi;
    struct curl_slist *headers;
    int in_flight;
    long bytes;
    CURL *handles[];
};

static size_t count_bytes(char *data, size_t size, size_t count, void *loop) {
    (void)data;
    ((bench_bare_loop *)loop)->bytes += (long)(size * count);
    return size * count;
}

bench_bare_loop *bench_bare_open(const char *url, const char *header, int in_flight) {
    if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) return NULL;
    bench_bare_loop *loop = calloc(1, sizeof *loop + (size_t)in_flight * sizeof(CURL *));
    if (!loop) return NULL;
    loop->multi = curl_multi_init();
    loop->headers = curl_slist_append(NULL, header);
    loop->in_flight = in_flight;
    curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, 64L);
    curl_multi_setopt(loop->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 32L);
    for (int i = 0; i < in_flight; i++) {
        CURL *handle = loop->handles[i] = curl_easy_init();
        if (!handle) return NULL;
        // The options with which the transport sends its requests, where they change the work.
        curl_easy_setopt(handle, CURLOPT_URL, url);
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, loop->headers);
        curl_easy_setopt(handle, CURLOPT_USERAGENT, "bkend-swift");
        curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
        curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, count_bytes);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, loop);
    }
    return loop;
}

long bench_bare_run(bench_bare_loop *loop, long total) {
    long started = 0, done = 0;
    loop->bytes = 0;
    for (int i = 0; i < loop->in_flight && started < total; i++, started++) {
        curl_multi_add_handle(loop->multi, loop->handles[i]);
    }
    while (done < total) {
        int running, queued, again = 0;
        CURLMsg *message;
        curl_multi_perform(loop->multi, &running);
        while ((message = curl_multi_info_read(loop->multi, &queued))) {
            CURL *handle = message->easy_handle;
            curl_multi_remove_handle(loop->multi, handle);
            done++;
            if (started < total) {
                curl_multi_add_handle(loop->multi, handle);
                started++;
                again = 1;
            }
        }
        if (!again && done < total) curl_multi_poll(loop->multi, NULL, 0, 1000, NULL);
    }
    return loop->bytes;
}

void bench_bare_close(bench_bare_loop *loop) {
    for (int i = 0; i < loop->in_flight; i++) curl_easy_cleanup(loop->handles[i]);
    curl_multi_cleanup(loop->multi);
    curl_slist_free_all(loop->headers);
    free(loop);
}
