/* musterctl.h -- runs musterctl in a test's world and looks at what it wrote. Each function ends the test where it has
 * to. */
#ifndef MUSTER_TESTS_E2E_MUSTERCTL_H
#define MUSTER_TESTS_E2E_MUSTERCTL_H

#include "e2e/run.h"
#include "e2e/world.h"

#include <jansson.h>

/* The exit statuses of the contract. */
enum { DONE = 0, REFUSED = 1, WRONG_USAGE = 2, NO_ANSWER = 3 };

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* musterctl runs it at the world's broker to its end, which has to be of this status; run_free frees what it wrote. */
void musterctl(const struct world *world, struct run *run, int status, const char *const args[]);

/* musterctl_says runs it and frees that again: what it writes to its standard output has to have the fragment. */
void musterctl_says(const struct world *world, int status, const char *const args[], const char *fragment);

/* musterctl_document runs it, with success, and returns the one JSON document that it wrote; the caller owns it. */
json_t *musterctl_document(const struct world *world, const char *const args[]);

/* assert_has and assert_lacks end the test where the fragment is not in the text, or is. */
void assert_has(const char *text, const char *fragment);
void assert_lacks(const char *text, const char *fragment);

#endif
