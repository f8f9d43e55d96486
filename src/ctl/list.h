/* list.h -- reading the whole list of workers, page by page. */
#ifndef MUSTER_CTL_LIST_H
#define MUSTER_CTL_LIST_H

#include "ctl/command.h"
#include "ctl/fleet.h"

/* list_read replaces what the fleet knows by the registry's list; where that fails the fleet stays as it was. */
enum command_status list_read(struct call *call, struct fleet *fleet) MUST_USE;

/* list_print writes the fleet, by id: a table, or {"workers": […]}. */
void list_print(struct call *call, const struct fleet *fleet);

#endif
