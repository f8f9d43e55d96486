/* list.h -- reading the list of workers, page by page. */
#ifndef MUSTER_CTL_LIST_H
#define MUSTER_CTL_LIST_H

#include "ctl/command.h"
#include "ctl/fleet.h"

/*
 * list_read replaces what the fleet knows by what the registry's "list" or "find" has for the options: all that match,
 * or as many as --limit says. Where that fails the fleet stays as it was.
 */
enum command_status list_read(struct call *call, const char *verb, struct fleet *fleet) MUST_USE;

#endif
