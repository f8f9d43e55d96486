/* trial.c -- looking into the record of a run, line by line. */
#include "e2e/chaos/trial.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void trial_accuse(struct trial *trial, const char *format, ...)
{
    char sentence[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)json_array_append_new(trial->verdicts, json_string(sentence));
}

const char *trial_text(const json_t *line, const char *name)
{
    const char *value = json_string_value(json_object_get(line, name));
    return value != NULL ? value : "";
}

int64_t trial_number(const json_t *line, const char *name)
{
    return json_integer_value(json_object_get(line, name));
}

const char *trial_part(const json_t *line, const char *object, const char *name)
{
    return trial_text(json_object_get(line, object), name);
}

json_t *trial_next(const struct trial *trial, size_t *index, const char *what, const char *id)
{
    for (; *index < json_array_size(trial->lines); (*index)++) {
        json_t *line = json_array_get(trial->lines, *index);
        if (strcmp(trial_text(line, "what"), what) != 0) {
            continue;
        }
        const char *whose = strcmp(what, "change") == 0 ? trial_text(line, "workerId") : trial_text(line, "id");
        if (id == NULL || strcmp(whose, id) == 0) {
            (*index)++;
            return line;
        }
    }
    return NULL;
}

size_t trial_count(const struct trial *trial, const char *type, const char *id, int64_t since_ms)
{
    size_t found = 0;
    size_t at = 0;
    for (const json_t *line = trial_next(trial, &at, "change", id); line != NULL;
         line = trial_next(trial, &at, "change", id)) {
        found += strcmp(trial_text(line, "type"), type) == 0 && trial_number(line, "at") >= since_ms;
    }
    return found;
}

bool trial_covers(const struct trial *trial, const char *what, int64_t from_ms, int64_t to_ms)
{
    size_t at = 0;
    for (const json_t *line = trial_next(trial, &at, what, NULL); line != NULL;
         line = trial_next(trial, &at, what, NULL)) {
        if (trial_number(line, "from") <= to_ms && trial_number(line, "to") >= from_ms) {
            return true;
        }
    }
    return false;
}
