/* diary.h -- the record of a run while it is written: JSON lines (judge.h tells their shapes), kept and put to a file.
 */
#ifndef MUSTER_TESTS_E2E_CHAOS_DIARY_H
#define MUSTER_TESTS_E2E_CHAOS_DIARY_H

#include <jansson.h>

/* diary_add adds a line of the kind and takes it over; a NULL line ends the test. */
void diary_add(json_t *diary, const char *what, json_t *line);

/* diary_write puts the record into a file; false where it cannot. */
int diary_write(const json_t *diary, const char *path);

#endif
