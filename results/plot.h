/* plot.h - a picture by gnuplot, through a pipe: the same script gives NAME.svg and NAME.png.
 *
 * Texts are taken literally (no enhanced mode, no substitution).  Colours are safe for
 * colour-blind eyes. Not a drawing library: what to draw is figure.h's. */
#ifndef RESULTS_PLOT_H
#define RESULTS_PLOT_H
#include "base/err.h"
#include <stdint.h>
#include <stdio.h>

/* A picture being written: data blocks and the commands that draw them. */
struct plot {
	FILE *data, *body;           /* in memory */
	char *data_text, *body_text;
	size_t data_bytes, body_bytes;
	uint32_t blocks;             /* data blocks so far: $d0, $d1, ... */
	int width, height;           /* pixels */
};

enum plot_axis { PLOT_X, PLOT_Y };

/* Whether gnuplot can be run; a system error that says what to install if not. */
bool plot_available(struct err *err);
/* Starts a picture of that size. */
void plot_init(struct plot *plot, int width, int height);
/* Opens the next data block, to be filled by lines on plot->data, and closes it. */
void plot_block_open(struct plot *plot);
void plot_block_close(struct plot *plot);
/* Writes text as a gnuplot string, quotes included. */
void plot_text(FILE *out, const char *text);
/* A logarithmic axis of seconds from low to high, labelled 1 ms, 10 ms, ... */
void plot_time_axis(struct plot *plot, enum plot_axis axis, double low, double high);
/* "lc rgb '#...' dt ..." of the i-th variant: eight colours, then again with another dash;
 * or half transparent. */
void plot_line_style(struct plot *plot, uint32_t i, bool pale);
/* The i-th colour for the parts of a whole: twelve. */
const char *plot_fill(uint32_t i);
/* Draws it into folder and frees it.  False: gnuplot failed, or a file could not be written. */
bool plot_draw(struct plot *plot, const char *folder, const char *name, struct err *err);
/* Frees it undrawn. */
void plot_release(struct plot *plot);
#endif
