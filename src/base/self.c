/* self.c -- to standard output. */
#include "base/self.h"

#include <stdio.h>

bool self_is_asked(const struct self_asked *asked)
{
    return asked->version || asked->help || asked->manual;
}

void self_tell(const struct self *self, const struct self_asked *asked)
{
    struct buf text = {0};
    if (asked->version) {
        buf_printf(&text, "%s %s\n", self->name, self->version);
    } else if (asked->help) {
        self->append_help(&text);
    } else if (asked->manual) {
        self->append_manual(&text, self->version, self->date);
    }
    (void)fputs(buf_terminated(&text), stdout);
    buf_fini(&text);
}
