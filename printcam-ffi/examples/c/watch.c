/* Watches a camera: prints what happens, writes the newest picture a few times, and leaves.
 *
 *   watch rtsps://bblp:<access code>@<printer's address>:322/streaming/live/1 picture.jpg
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "printcam.h"

/* What the callback tells the main thread. */
struct watch {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool playing;
    bool over;
    PrintcamRequest answered; /* the newest request that was */
    bool answered_well;
    const char *file;
};

enum { PICTURES = 5 };

static const char *const KINDS[] = {
    "?",       "connecting", "playing", "frame",   "stalled", "reconnecting", "resized",
    "trouble", "failed",     "stopped", "answer",  "tick",    "idle",
};

static PrintcamText text(const char *string) {
    PrintcamText text = {(const uint8_t *)string, strlen(string)};
    return text;
}

static void print(const char *before, PrintcamText text) {
    if (text.len > 0) {
        printf("%s%.*s", before, (int)text.len, (const char *)text.data);
    }
}

static bool write_file(const char *path, const uint8_t *data, size_t len) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    bool written = fwrite(data, 1, len, file) == len;
    return fclose(file) == 0 && written;
}

/* Called from the library's threads. */
static void on_event(void *user, const PrintcamEvent *event) {
    struct watch *watch = user;
    size_t kind = event->kind < sizeof KINDS / sizeof *KINDS ? event->kind : 0;
    pthread_mutex_lock(&watch->mutex);
    if (event->kind != PRINTCAM_EVENT_TICK) {
        printf("%s", KINDS[kind]);
        if (event->width > 0) {
            printf(" %" PRIu32 "x%" PRIu32, event->width, event->height);
        }
        print(" (", event->detail);
        printf("%s", event->detail.len > 0 ? ")" : "");
        print(": ", event->message);
        print("\n  what to do: ", event->hint);
        printf("\n");
    }
    switch (event->kind) {
    case PRINTCAM_EVENT_PLAYING:
        watch->playing = true;
        break;
    case PRINTCAM_EVENT_FAILED:
    case PRINTCAM_EVENT_STOPPED:
        watch->over = true;
        break;
    case PRINTCAM_EVENT_ANSWER:
        watch->answered = event->request;
        watch->answered_well = event->error == PRINTCAM_ERROR_NONE;
        if (event->data.len > 0) {
            watch->answered_well = write_file(watch->file, event->data.data, event->data.len);
            printf("  %zu bytes\n", (size_t)event->data.len);
        }
        break;
    default:
        break;
    }
    printcam_buffer_free(event->data);
    pthread_cond_broadcast(&watch->changed);
    pthread_mutex_unlock(&watch->mutex);
}

/* Waits until a request is answered, or for `request` 0 until there are pictures; says whether it went well. */
static bool wait_for(struct watch *watch, PrintcamRequest request) {
    pthread_mutex_lock(&watch->mutex);
    while (request != 0 ? watch->answered != request : !watch->playing && !watch->over) {
        pthread_cond_wait(&watch->changed, &watch->mutex);
    }
    bool well = request != 0 ? watch->answered_well : !watch->over;
    pthread_mutex_unlock(&watch->mutex);
    return well;
}

static bool ok(const char *what, PrintcamStatus status) {
    if (status != PRINTCAM_OK) {
        PrintcamText message = printcam_status_message(status);
        fprintf(stderr, "%s: %.*s\n", what, (int)message.len, (const char *)message.data);
    }
    return status == PRINTCAM_OK;
}

static bool watch_camera(struct watch *watch, PrintcamManager manager, const char *url) {
    PrintcamOptions options = {0};
    PrintcamText from_url = {NULL, 0};
    PrintcamStream stream = 0;
    PrintcamRequest request = 0;
    PrintcamStatistics statistics;
    if (!ok("start", printcam_stream_start(manager, text(url), from_url, from_url, &options, &stream))) {
        return false;
    }
    bool well = wait_for(watch, 0);
    for (int picture = 0; well && picture < PICTURES; picture++) {
        well = ok("capture", printcam_stream_capture(stream, &request)) && wait_for(watch, request);
    }
    if (ok("statistics", printcam_stream_statistics(stream, &statistics)) && well) {
        printf("%" PRIu64 " packets, first picture after %.0f ms\n", statistics.packets,
               statistics.time_to_first_picture_ms);
    }
    return ok("stop", printcam_stream_stop(stream, &request)) && wait_for(watch, request) && well;
}

int main(int count, char **arguments) {
    struct watch watch = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    PrintcamManager manager = 0;
    if (count != 3 || printcam_abi_version() != PRINTCAM_ABI_VERSION) {
        fprintf(stderr, "usage: %s URL FILE.jpg\n", arguments[0]);
        return 2;
    }
    watch.file = arguments[2];
    if (!ok("manager", printcam_manager_new(0, on_event, &watch, &manager))) {
        return 1;
    }
    bool well = watch_camera(&watch, manager, arguments[1]);
    ok("free", printcam_manager_free(manager));
    /* A printer wants its connection closed properly, so this is the last thing a program does. */
    ok("dispose", printcam_dispose_all(2000));
    return well ? 0 : 1;
}
