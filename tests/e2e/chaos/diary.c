/* diary.c -- appends lines, and writes them one an object. */
#include "e2e/chaos/diary.h"

#include <stdio.h>
#include <stdlib.h>

void diary_add(json_t *diary, const char *what, json_t *line)
{
    if (line == NULL || json_object_set_new(line, "what", json_string(what)) != 0 ||
        json_array_append_new(diary, line) != 0) {
        (void)fprintf(stderr, "a %s could not be written into the diary\n", what);
        exit(EXIT_FAILURE);
    }
}

int diary_write(const json_t *diary, const char *path)
{
    FILE *file = fopen(path, "w");
    size_t index = 0;
    const json_t *line = NULL;
    if (file == NULL) {
        return -1;
    }
    json_array_foreach(diary, index, line)
    {
        (void)json_dumpf(line, file, JSON_COMPACT);
        (void)fputc('\n', file);
    }
    return fclose(file);
}
