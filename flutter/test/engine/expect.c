#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

/* How often to look, in milliseconds. */
enum { PACE = 50 };

static gboolean wake(gpointer data) {
    (void)data;
    return G_SOURCE_CONTINUE;
}

bool wait_until(bool (*holds)(void *), void *data, unsigned seconds) {
    gint64 deadline = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    guint waker = g_timeout_add(PACE, wake, NULL);
    bool held;
    while (!(held = holds(data)) && g_get_monotonic_time() < deadline) g_main_context_iteration(NULL, TRUE);
    g_source_remove(waker);
    return held;
}

void fail(const char *reason) {
    fflush(stdout);
    fprintf(stderr, "FAILED: %s\n", reason);
    exit(EXIT_FAILURE);
}
