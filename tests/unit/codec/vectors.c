/* vectors.c -- reads topics/vectors, and puts payloads together from their parts. */
#include "vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static void give_up(const char *what, const char *path)
{
    (void)fprintf(stderr, "vectors: %s: %s\n", path, what);
    exit(EXIT_FAILURE);
}

static json_t *read_file(const char *path)
{
    json_error_t error;
    json_t *document = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (document == NULL) {
        give_up(error.text, path);
    }
    return document;
}

static void add_file(struct vectors *vectors, const char *folder, const char *name)
{
    struct vector *items = realloc(vectors->items, (vectors->count + 1) * sizeof *items);
    if (items == NULL) {
        give_up("no memory", name);
        return;
    }
    vectors->items = items;
    struct vector *vector = &items[vectors->count++];
    int len = snprintf(vector->path, sizeof vector->path, "%s/%s/%s", MUSTER_VECTORS, folder, name);
    if (len < 0 || (size_t)len >= sizeof vector->path) {
        give_up("the path is too long", name);
    }
    vector->document = read_file(vector->path);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void add_folder(struct vectors *vectors, const char *folder)
{
    char path[VECTOR_PATH_MAX];
    struct dirent **entries = NULL;
    int len = snprintf(path, sizeof path, "%s/%s", MUSTER_VECTORS, folder);
    int count = len > 0 && (size_t)len < sizeof path ? scandir(path, &entries, is_visible, alphasort) : -1;
    if (count < 0) {
        give_up("cannot be listed", folder);
    }
    for (int i = 0; i < count; i++) {
        add_file(vectors, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

void vectors_load(struct vectors *out_vectors)
{
    struct dirent **entries = NULL;
    *out_vectors = (struct vectors){0};
    int count = scandir(MUSTER_VECTORS, &entries, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        if (strchr(entries[i]->d_name, '.') == NULL) {
            add_folder(out_vectors, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    if (out_vectors->count == 0) {
        give_up("there are none", MUSTER_VECTORS);
    }
}

void vectors_free(struct vectors *vectors)
{
    for (size_t i = 0; i < vectors->count; i++) {
        json_decref(vectors->items[i].document);
    }
    free(vectors->items);
    *vectors = (struct vectors){0};
}

bool vector_is_for(const struct vector *vector, const char *message)
{
    const json_t *messages = json_object_get(vector->document, "messages");
    for (size_t i = 0; i < json_array_size(messages); i++) {
        if (strcmp(json_string_value(json_array_get(messages, i)), message) == 0) {
            return true;
        }
    }
    return false;
}

static void append_part(struct buf *out, const json_t *part)
{
    const json_t *repeated = json_object_get(part, "repeat");
    const json_t *text = repeated != NULL ? repeated : part;
    json_int_t times = repeated != NULL ? json_integer_value(json_object_get(part, "times")) : 1;
    for (json_int_t i = 0; i < times; i++) {
        buf_append(out, json_string_value(text), json_string_length(text));
    }
}

static void append_parts(struct buf *out, const json_t *payload)
{
    if (!json_is_array(payload)) {
        append_part(out, payload);
    }
    for (size_t i = 0; i < json_array_size(payload); i++) {
        append_part(out, json_array_get(payload, i));
    }
}

static void unhex(struct buf *bytes)
{
    for (size_t i = 0; i < bytes->len / 2; i++) {
        const char digits[] = {bytes->data[2 * i], bytes->data[2 * i + 1], '\0'};
        bytes->data[i] = (char)strtoul(digits, NULL, 16);
    }
    bytes->len /= 2;
}

bool vector_payload(const struct vector *vector, enum encoding encoding, struct buf *out)
{
    const json_t *text = encoding == ENCODING_JSON ? json_object_get(vector->document, "json") : NULL;
    const json_t *hex = json_object_get(vector->document, encoding == ENCODING_JSON ? "jsonHex" : "msgpack");
    buf_clear(out);
    if (text != NULL) {
        append_parts(out, text);
    } else if (hex != NULL) {
        append_parts(out, hex);
        unhex(out);
    }
    if (out->failed) {
        give_up("no memory", vector->path);
    }
    return text != NULL || hex != NULL;
}

const char *vector_text(const struct vector *vector, const char *name)
{
    return json_string_value(json_object_get(vector->document, name));
}

json_t *vector_errors(const struct vector *vector, enum encoding encoding)
{
    json_t *errors = json_object_get(vector->document, encoding == ENCODING_JSON ? "jsonErrors" : "msgpackErrors");
    return errors != NULL ? errors : json_object_get(vector->document, "errors");
}

json_t *vectors_topics(void)
{
    return read_file(MUSTER_VECTORS "/topics.json");
}
