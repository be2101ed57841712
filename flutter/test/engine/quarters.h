/* The colours of a screenshot's quarters, counted. */
#ifndef PRINTCAM_TEST_QUARTERS_H
#define PRINTCAM_TEST_QUARTERS_H

#include <gtk/gtk.h>

#include "pictures.h"

/* Pixels of each quarter by colour; the last of each are those of no colour of ours. */
typedef struct {
    unsigned of[COLOURS][COLOURS + 1];
} Counts;

Counts quarters_count(GdkPixbuf *shot);
/* Whether 98 of 100 pixels of every quarter have the colour of this turn. Where a picture is scaled, the borders
 * between the colours are blends. */
bool quarters_show(const Counts *counts, unsigned turn);
void quarters_print(const Counts *counts);

#endif
