/* Waiting for what has to come, and failing when it does not. */
#ifndef PRINTCAM_TEST_EXPECT_H
#define PRINTCAM_TEST_EXPECT_H

#include <glib.h>
#include <stdbool.h>

/* Runs the main loop until something holds; false when it does not after so many seconds. */
bool wait_until(bool (*holds)(void *), void *data, unsigned seconds);
/* Ends the program with exit status 1. */
G_NORETURN void fail(const char *reason);

#endif
