/* screen.h -- the whole terminal, drawn again and again, and given back as it was. */
#ifndef MUSTER_CTL_SCREEN_H
#define MUSTER_CTL_SCREEN_H

#include "base/buf.h"
#include "ctl/output.h"

/* screen_enter switches to the terminal's other screen and hides the cursor; screen_leave undoes both. */
void screen_enter(struct output *output);
void screen_leave(struct output *output);

/* screen_draw replaces what is shown by the lines, which have to fit into the terminal. */
void screen_draw(struct output *output, struct text lines);

#endif
