/* self.h -- what a program tells of itself instead of running: its version, its help, its page of the manual. */
#ifndef MUSTER_BASE_SELF_H
#define MUSTER_BASE_SELF_H

#include "base/buf.h"

struct self {
    const char *name;
    const char *version;
    const char *date; /* 2031-05-04 */
    void (*append_help)(struct buf *out);
    void (*append_manual)(struct buf *out, const char *version, const char *date);
};

/* Which of it the command line asks for. */
struct self_asked {
    bool help;
    bool version;
    bool manual;
};

bool self_is_asked(const struct self_asked *asked);

/* self_tell prints what is asked for; where it is more than one thing, the shortest. */
void self_tell(const struct self *self, const struct self_asked *asked);

#endif
