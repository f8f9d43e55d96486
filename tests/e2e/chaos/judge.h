/* judge.h -- reads the record of a run and says what in it should not have happened. Pure; knows no servers. */
#ifndef MUSTER_TESTS_E2E_CHAOS_JUDGE_H
#define MUSTER_TESTS_E2E_CHAOS_JUDGE_H

#include <jansson.h>
#include <stddef.h>

/*
 * The record is JSON lines; "what" says which kind a line is. Times are milliseconds since 1970 by one clock.
 *
 * run      {seed, forgets}                    what was run
 * policy   {flapCount, flapWindowMs, …}       how the daemons were told to damp flapping
 * worker   {id, kind, timeoutMs}              who takes part: steady, dying, flapping, restarting, cloned, leaving,
 *                                             draining, contradicting, probe
 * beat     {id, sentAt, ackedAt}              a heartbeat of the current boot, and when the broker had it
 * answer   {id, epoch, at}                    a registration was answered with success
 * death    {id, at}                           the worker is silent from here on, for good
 * leave    {id, at}                           its goodbye was answered with success
 * fault    {name, from, to, refusesFrom}      what the driver did to the servers; refusesFrom: since when registrations
 *                                             have to be refused (0: they need not)
 * loss     {from, to}                         what Redis was told in that time may be lost
 * flush    {at}                               Redis has lost everything
 * gap      {from, to}                         nobody may have listened to what was told in that time
 * return   {fault, afterMs, ownDelayMs}       service was back so long after the fault's end
 * ask      {id, at}                           a registration was asked for
 * told     {id, askedAt, code, at}            and answered
 * ended    {daemon, status}                   a daemon ended by itself
 * change   {eventId, type, workerId, …}       an entry of the event stream, as the event document has it
 * heard    {at, event}                        an event document as a subscriber got it
 * final    {id, document, retained}           at the end: record and retained status
 * store    {keys}                             at the end: everything that Redis holds, by key
 */

/* judge_record returns a new list of sentences, each beginning with the name of the rule that is broken and a colon. */
json_t *judge_record(const json_t *lines);

/* judge_read reads JSON lines into a new list; NULL with the number of the bad line. */
json_t *judge_read(const char *path, size_t *out_bad_line);

#endif
