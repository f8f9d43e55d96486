/* library.h -- the function libraries of other versions. Called and answered as store.h says. */
#ifndef MUSTER_STORE_LIBRARY_H
#define MUSTER_STORE_LIBRARY_H

#include "store/store.h"

/*
 * store_forget_libraries deletes the function libraries of other versions that daemons of this prefix have loaded. One
 * that is still in use is loaded again by whoever uses it.
 */
void store_forget_libraries(struct store *store);

#endif
