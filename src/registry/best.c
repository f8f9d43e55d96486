/* best.c -- find, sorted: the workers with the most free capacity of those that match, or of a part of them. */
#include "registry/best.h"

#include "codec/document.h"
#include "domain/cursor.h"
#include "registry/asker.h"
#include "registry/intake.h"
#include "registry/question.h"
#include "store/query.h"
#include "store/search.h"
#include "store/worker.h"

#include <stdlib.h>
#include <string.h>

/* A broker passes on a megabyte (mosquitto.conf): what is more is left out. */
enum { ANSWER_BYTES = 768 * 1024, READ_MOST = 100 };

struct candidate {
    int64_t free;
    size_t id_len;
    char id[WORKER_ID_MAX];
};

struct found {
    int64_t free;
    json_t *document;
};

struct best {
    struct question question;
    bool schedulable;
    struct opt_int least; /* as asked for */
    struct candidate *candidates;
    size_t count;
    size_t cap;
    size_t read; /* of the candidates */
    struct found *found;
    size_t found_count;
    size_t bytes;
    uint32_t request; /* for the cursor */
    bool scans;       /* what comes next is in no order */
    size_t place_len; /* 0: at the beginning, or all has been looked at */
    char place[CURSOR_TEXT_MAX];
};

static void look(struct best *best);
static void read_some(struct best *best);

static void free_best(struct best *best)
{
    for (size_t i = 0; i < best->found_count; i++) {
        json_decref(best->found[i].document);
    }
    free(best->found);
    free(best->candidates);
    question_fini(&best->question);
    free(best);
}

static void refuse_for_memory(struct best *best)
{
    question_end(&best->question);
    asker_refuse_for(best->question.asker, CODE_UNAVAILABLE, "The registry is out of memory");
    free_best(best);
}

static int by_present_freedom(const void *a, const void *b)
{
    const struct found *one = a;
    const struct found *other = b;
    return (other->free > one->free) - (other->free < one->free);
}

static void answer(struct best *best)
{
    qsort(best->found, best->found_count, sizeof *best->found, by_present_freedom);
    json_t *workers = json_array();
    for (size_t i = 0; i < best->found_count; i++) {
        (void)json_array_append_new(workers, best->found[i].document);
    }
    best->found_count = 0;
    struct text place = {best->place, best->place_len};
    const struct extra extras[] = {{"workers", workers}, {"cursor", question_cursor(best->request, place)}};
    question_end(&best->question);
    asker_reply_with(best->question.asker, &(struct reply){.code = CODE_OK}, extras, 2);
    free_best(best);
}

/* Some time has passed since it was picked. */
static bool still_fits(const struct best *best, const struct store_worker *worker)
{
    enum worker_status status = worker_status_of(store_worker_field(worker, "status"));
    enum worker_health health = worker_health_of(store_worker_field(worker, "health"));
    struct opt_int free = store_worker_int(worker, "availableCapacity");
    if (status == WORKER_STATUS_NONE || status == WORKER_INACTIVE ||
        (best->least.set && free.value < best->least.value)) {
        return false;
    }
    return !best->schedulable || (status <= WORKER_BUSY && health <= HEALTH_RECOVERED);
}

static void take_documents(struct best *best, const struct store_page *page)
{
    for (size_t i = 0; i < page->count && best->bytes < ANSWER_BYTES; i++) {
        const struct store_worker *worker = &page->workers[i];
        json_t *document = still_fits(best, worker) ? status_document(worker->id, worker->fields, worker->count) : NULL;
        if (document != NULL) {
            best->found[best->found_count++] =
                (struct found){.free = store_worker_int(worker, "availableCapacity").value, .document = document};
            best->bytes += question_bytes_of(worker);
        }
    }
}

static void on_read(void *context, const struct store_page *page)
{
    struct best *best = context;
    if (!question_answered(&best->question, page->outcome)) {
        free_best(best);
        return;
    }
    take_documents(best, page);
    if (best->read < best->count && best->bytes < ANSWER_BYTES) {
        read_some(best);
    } else {
        answer(best);
    }
}

static void read_some(struct best *best)
{
    struct text ids[READ_MOST];
    size_t count = 0;
    while (count < READ_MOST && best->read < best->count) {
        const struct candidate *candidate = &best->candidates[best->read++];
        ids[count++] = (struct text){candidate->id, candidate->id_len};
    }
    store_read_many(best->question.asker->registry->store, ids, count, on_read, best);
}

static bool make_room(struct best *best, size_t more)
{
    size_t wanted = best->count + more;
    if (wanted > best->cap) {
        struct candidate *grown = realloc(best->candidates, wanted * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        best->candidates = grown;
        best->cap = wanted;
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct candidate *one = a;
    const struct candidate *other = b;
    size_t len = one->id_len < other->id_len ? one->id_len : other->id_len;
    int order = memcmp(other->id, one->id, len);
    return order != 0 ? order : (other->id_len > one->id_len) - (other->id_len < one->id_len);
}

/* The freest first; of those that are as free the later id, as Redis has them in its sorted set. */
static int by_freedom(const void *a, const void *b)
{
    const struct candidate *one = a;
    const struct candidate *other = b;
    return one->free != other->free ? (one->free > other->free ? -1 : 1) : by_id(a, b);
}

/* A scan may come by the same worker twice. */
static void keep_the_best(struct best *best)
{
    size_t kept = 0;
    qsort(best->candidates, best->count, sizeof *best->candidates, by_id);
    for (size_t i = 0; i < best->count; i++) {
        if (kept == 0 || by_id(&best->candidates[kept - 1], &best->candidates[i]) != 0) {
            best->candidates[kept++] = best->candidates[i];
        }
    }
    qsort(best->candidates, kept, sizeof *best->candidates, by_freedom);
    best->count = kept < best->question.limit ? kept : best->question.limit;
}

static bool take_candidates(struct best *best, const struct store_picked *picked)
{
    if (!make_room(best, picked->count)) {
        return false;
    }
    for (size_t i = 0; i < picked->count; i++) {
        const struct store_candidate *given = &picked->candidates[i];
        struct candidate *candidate = &best->candidates[best->count];
        if (given->id.len <= WORKER_ID_MAX) {
            *candidate = (struct candidate){.free = given->free, .id_len = given->id.len};
            memcpy(candidate->id, given->id.data, given->id.len);
            best->count++;
        }
    }
    if (best->count > 0) {
        keep_the_best(best);
    }
    return true;
}

static void on_picked(void *context, const struct store_picked *picked)
{
    struct best *best = context;
    if (!question_answered(&best->question, picked->outcome)) {
        free_best(best);
        return;
    }
    if (!take_candidates(best, picked)) {
        refuse_for_memory(best);
        return;
    }
    best->scans = picked->scans;
    best->place_len = picked->next.len < sizeof best->place ? picked->next.len : 0;
    memcpy(best->place, picked->next.data != NULL ? picked->next.data : "", best->place_len);
    if (best->place_len > 0 && question_may_go_on(&best->question, QUESTION_PAGE_MS_MAX)) {
        look(best);
    } else if (best->count == 0) {
        answer(best);
    } else {
        read_some(best);
    }
}

/* Along the free capacity the next ones are never better; in a scan only those that are as good are of use. */
static void look(struct best *best)
{
    struct query *query = &best->question.query;
    size_t left = best->question.limit - (best->scans ? 0 : best->count);
    if (best->scans && best->count == best->question.limit) {
        query->minimum_free_capacity = (struct opt_int){.set = true, .value = best->candidates[best->count - 1].free};
    }
    const struct store_search ask = {
        .query = query, .schedulable = best->schedulable, .place = {best->place, best->place_len}, .most = left};
    store_pick(best->question.asker->registry->store, &ask, on_picked, best);
}

void best_find(const struct query *query, bool schedulable, struct asker *asker)
{
    struct best *best = calloc(1, sizeof *best);
    if (best == NULL) {
        intake_call_done(asker->registry);
        asker_refuse_for(asker, CODE_UNAVAILABLE, "The registry is out of memory");
        return;
    }
    if (!question_init(&best->question, query, asker)) {
        free(best);
        return;
    }
    best->request = cursor_request_of(text_of("find"), query);
    struct text place = question_place(query, best->request);
    memcpy(best->place, place.data != NULL ? place.data : "", place.len);
    best->place_len = place.len;
    best->schedulable = schedulable;
    best->least = query->minimum_free_capacity;
    best->found = calloc(best->question.limit, sizeof *best->found);
    if (best->found == NULL) {
        refuse_for_memory(best);
        return;
    }
    look(best);
}
