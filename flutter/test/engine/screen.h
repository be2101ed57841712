/* What is on the screen. */
#ifndef PRINTCAM_TEST_SCREEN_H
#define PRINTCAM_TEST_SCREEN_H

#include <gtk/gtk.h>

GdkPixbuf *screen_shot(void);
/* Writes a PNG file. */
void screen_save(GdkPixbuf *shot, const char *file);

#endif
