/* judge.c -- reads a record and asks every rule about it. */
#include "e2e/chaos/judge.h"

#include "e2e/chaos/trial.h"

#include <stdio.h>
#include <stdlib.h>

json_t *judge_record(const json_t *lines)
{
    struct trial trial = {.lines = lines, .verdicts = json_array()};
    size_t at = 0;
    for (const json_t *worker = trial_next(&trial, &at, "worker", NULL); worker != NULL;
         worker = trial_next(&trial, &at, "worker", NULL)) {
        judge_silence(&trial, worker);
        judge_steady(&trial, worker);
        judge_death(&trial, worker);
        judge_transitions(&trial, worker);
        judge_hold(&trial, worker);
        judge_order(&trial, worker);
        judge_answers(&trial, worker);
    }
    judge_jobs(&trial);
    judge_told(&trial);
    judge_final(&trial);
    judge_store(&trial);
    judge_totals(&trial);
    judge_return(&trial);
    judge_refusals(&trial);
    judge_merging(&trial);
    judge_programs(&trial);
    return trial.verdicts;
}

json_t *judge_read(const char *path, size_t *out_bad_line)
{
    FILE *file = fopen(path, "r");
    json_t *lines = json_array();
    char *line = NULL;
    size_t cap = 0;
    size_t number_of_line = 0;
    bool good = file != NULL;
    while (good && getline(&line, &cap, file) > 0) {
        number_of_line++;
        json_t *document = json_loads(line, 0, NULL);
        good = json_is_object(document);
        (void)json_array_append_new(lines, document != NULL ? document : json_null());
    }
    free(line);
    if (file != NULL) {
        (void)fclose(file);
    }
    if (!good) {
        json_decref(lines);
        *out_bad_line = number_of_line;
        return NULL;
    }
    return lines;
}
