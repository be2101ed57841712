/* What is on the screen, counted. */
#ifndef PRINTCAM_TEST_SCREEN_H
#define PRINTCAM_TEST_SCREEN_H

#include <gtk/gtk.h>
#include <stdbool.h>

#include "pictures.h"

/* Pixels of each quarter of the screen, by colour; the last of each are those of no colour of ours. */
typedef struct {
    unsigned of[COLOURS][COLOURS + 1];
} Counts;

GdkPixbuf *screen_shot(void);
Counts screen_count(GdkPixbuf *shot);
/* Whether 98 of 100 pixels of every quarter have the colour of this turn. Where a picture is scaled, the borders between
 * the colours are blends. */
bool screen_shows(const Counts *counts, unsigned turn);
void screen_print(const Counts *counts);

#endif
