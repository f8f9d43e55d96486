/*
 * judge.h -- reads the record of a run and says what in it should not have happened. Pure; knows no servers.
 *
 * The record is JSON lines; "what" says which kind a line is:
 *   worker   {id, kind, timeoutMs}             who takes part; kind steady, dying, flapping, restarting, cloned,
 * leaving beat     {id, sentAt, ackedAt}             a heartbeat of the current boot, and when the broker had it answer
 * {id, epoch, at}                   a registration was answered with success death    {id, at} the worker is silent
 * from here on, for good leave    {id, at}                          its goodbye was answered with success fault {name,
 * from, to}                  what the driver did to the servers change   {eventId, type, workerId, …}      an entry of
 * the event stream, as the event document has it heard    {eventId, …}                      an event document as a
 * subscriber got it final    {id, document, retained, alive, sets, due}  at the end: record, retained status, liveness
 * key, the sets it is in (status:, health:, workers), and its entries in the deadline index totals   {totalWorkers,
 * totalCapacity, …}  at the end: the totals kept by the registry Times are milliseconds since 1970 by one clock.
 */
#ifndef MUSTER_TESTS_E2E_CHAOS_JUDGE_H
#define MUSTER_TESTS_E2E_CHAOS_JUDGE_H

#include <jansson.h>
#include <stddef.h>

/* judge_record returns a new list of sentences, each beginning with the name of the rule that is broken and a colon. */
json_t *judge_record(const json_t *lines);

/* judge_read reads JSON lines into a new list; NULL with the number of the bad line. */
json_t *judge_read(const char *path, size_t *out_bad_line);

#endif
