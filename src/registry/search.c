/* search.c -- list, find and export: the workers that match, page by page. */
#include "registry/search.h"

#include "codec/document.h"
#include "domain/cursor.h"
#include "registry/asker.h"
#include "registry/best.h"
#include "registry/intake.h"
#include "registry/question.h"
#include "store/query.h"
#include "store/search.h"
#include "store/worker.h"

#include <stdlib.h>
#include <string.h>

/* What comes in one step of a scan is never left out: with less room than ROOM_MIN it is the next page's. */
enum { PAGE_BYTES = 256 * 1024, STEP_MOST = 100, ROOM_MIN = 10 };

struct search {
    struct question question;
    bool exports;     /* every record; else the workers that match */
    bool schedulable; /* only those that may be given work */
    uint32_t request; /* for the cursor */
    json_t *workers;
    size_t bytes;
    size_t place_len; /* 0: at the beginning */
    char place[CURSOR_TEXT_MAX];
};

static void look(struct search *search);

static void free_search(struct search *search)
{
    json_decref(search->workers);
    question_fini(&search->question);
    free(search);
}

static void answer(struct search *search)
{
    struct text place = {search->place, search->place_len};
    const struct extra extras[] = {{"workers", search->workers}, {"cursor", question_cursor(search->request, place)}};
    search->workers = NULL;
    question_end(&search->question);
    asker_reply_with(search->question.asker, &(struct reply){.code = CODE_OK}, extras, 2);
    free_search(search);
}

static void take_workers(struct search *search, const struct store_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct store_worker *worker = &page->workers[i];
        if (worker->count > 0) {
            json_t *document = search->exports ? record_document(worker->id, worker->fields, worker->count)
                                               : status_document(worker->id, worker->fields, worker->count);
            (void)json_array_append_new(search->workers, document);
            search->bytes += question_bytes_of(worker);
        }
    }
}

static bool is_full(const struct search *search)
{
    size_t count = json_array_size(search->workers);
    return (count > 0 && count + ROOM_MIN > search->question.limit) || search->bytes >= PAGE_BYTES;
}

static void on_page(void *context, const struct store_page *page)
{
    struct search *search = context;
    if (!question_answered(&search->question, page->outcome)) {
        free_search(search);
        return;
    }
    take_workers(search, page);
    search->place_len = page->next.len < sizeof search->place ? page->next.len : 0;
    memcpy(search->place, page->next.data != NULL ? page->next.data : "", search->place_len);
    if (search->place_len == 0 || is_full(search) || !question_may_go_on(&search->question, QUESTION_PAGE_MS_MAX)) {
        answer(search);
    } else {
        look(search);
    }
}

static void look(struct search *search)
{
    struct store *store = search->question.asker->registry->store;
    size_t left = search->question.limit - json_array_size(search->workers);
    size_t most = left < STEP_MOST ? left : STEP_MOST;
    struct text place = {search->place, search->place_len};
    if (search->exports) {
        store_export(store, place, most, on_page, search);
    } else {
        const struct store_search ask = {
            .query = &search->question.query, .schedulable = search->schedulable, .place = place, .most = most};
        store_list(store, &ask, on_page, search);
    }
}

static void begin(const struct query *query, struct asker *asker, const char *verb, bool schedulable)
{
    struct search *search = calloc(1, sizeof *search);
    json_t *workers = json_array();
    if (search == NULL || workers == NULL) {
        free(search);
        json_decref(workers);
        intake_call_done(asker->registry);
        asker_refuse_for(asker, CODE_UNAVAILABLE, "The registry is out of memory");
        return;
    }
    search->request = cursor_request_of(text_of(verb), query);
    struct text place = question_place(query, search->request);
    memcpy(search->place, place.data != NULL ? place.data : "", place.len);
    search->place_len = place.len;
    search->workers = workers;
    search->schedulable = schedulable;
    search->exports = strcmp(verb, "export") == 0;
    if (!question_init(&search->question, query, asker)) {
        free_search(search);
        return;
    }
    look(search);
}

void search_list(struct registry *registry, const struct query *query, struct asker *asker)
{
    (void)registry;
    begin(query, asker, "list", false);
}

void search_export(struct registry *registry, const struct query *query, struct asker *asker)
{
    (void)registry;
    begin(query, asker, "export", false);
}

/* Whoever asks for others than those that may be given work gets them. */
static bool wants_schedulable(const struct query *query)
{
    bool status = query->status <= WORKER_BUSY;
    bool health = query->health <= HEALTH_RECOVERED;
    return status && health;
}

void search_find(struct registry *registry, const struct query *query, struct asker *asker)
{
    (void)registry;
    if (query->sort.len > 0) {
        best_find(query, wants_schedulable(query), asker);
    } else {
        begin(query, asker, "find", wants_schedulable(query));
    }
}
