/* encode.c -- trees, and what a worker sends, to bytes of either encoding. */
#include "codec/message.h"

#include "codec/json.h"
#include "codec/labels.h"
#include "codec/msgpack.h"
#include "codec/schema.h"

enum err encode_document(const json_t *document, enum encoding encoding, struct buf *out)
{
    if (document == NULL) {
        return ERR_INVALID;
    }
    return encoding == ENCODING_JSON ? json_append(out, document, false) : msgpack_append(out, document);
}

/* Encodes the tree, which it takes over; NULL counts as not encodable. */
static enum err encode_tree(json_t *tree, enum encoding encoding, struct buf *out)
{
    enum err err = encode_document(tree, encoding, out);
    json_decref(tree);
    return err;
}

/* Sets a member to the value, which it takes over; where that fails the tree is dropped. Returns what is left of it. */
static json_t *with(json_t *tree, const char *name, json_t *value)
{
    if (json_object_set_new(tree, name, value) == 0) {
        return tree;
    }
    json_decref(tree);
    return NULL;
}

static json_t *declared_tree(struct text json)
{
    return json_loadb(json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
}

enum err encode_registration(const struct registration *registration, enum encoding encoding, struct buf *out)
{
    json_t *tree = schema_tree(&schema_registration, registration);
    if (registration->capabilities_json.data != NULL) {
        tree = with(tree, "capabilities", declared_tree(registration->capabilities_json));
    } else if (registration->capability_names.count > 0) {
        tree = with(tree, "capabilities", labels_tree(registration->capability_names));
    }
    if (registration->tags_json.data != NULL) {
        tree = with(tree, "tags", declared_tree(registration->tags_json));
    } else if (registration->tags.count > 0) {
        tree = with(tree, "tags", labels_tree(registration->tags));
    }
    return encode_tree(tree, encoding, out);
}

enum err encode_heartbeat(const struct heartbeat *heartbeat, enum encoding encoding, struct buf *out)
{
    json_t *tree = schema_tree(&schema_heartbeat, heartbeat);
    if (heartbeat->jobs_given) {
        tree = with(tree, "jobs", labels_tree(heartbeat->jobs));
    }
    return encode_tree(tree, encoding, out);
}

enum err encode_deregistration(const struct deregistration *deregistration, enum encoding encoding, struct buf *out)
{
    return encode_tree(schema_tree(&schema_deregistration, deregistration), encoding, out);
}

enum err encode_will(const struct will *will, enum encoding encoding, struct buf *out)
{
    return encode_tree(schema_tree(&schema_will, will), encoding, out);
}
