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
    /* Looking takes longer than the pace on a busy machine, and must not keep GTK from drawing. */
    guint waker = g_timeout_add_full(G_PRIORITY_LOW, PACE, wake, NULL, NULL);
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
