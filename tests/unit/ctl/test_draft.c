/* test_draft.c -- files that are there as a whole or not at all. */
#include "ctl/draft.h"

#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
    static char folder[FOLDER_PATH_MAX];
    struct fault fault = {0};
    *state = folder;
    return folder_new(folder, &fault) != ERR_OK;
}

static int teardown(void **state)
{
    folder_remove(*state);
    return 0;
}

static const char *path_in(const char *folder, const char *name)
{
    static char path[FOLDER_PATH_MAX + 64];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void assert_content(const char *path, const char *content)
{
    char *read = folder_read(path);
    assert_non_null(read);
    assert_string_equal(read, content);
    free(read);
}

/* Nothing but the file itself is left in the folder: it can be removed with it. */
static void assert_alone(const char *folder, const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void complete_replaces_the_file(void **state)
{
    struct draft draft = {0};
    struct fault fault = {0};
    const char *path = path_in(*state, "out");
    assert_int_equal(folder_write(*state, "out", "old", &fault), ERR_OK);
    assert_int_equal(draft_open(&draft, path, &fault), ERR_OK);
    (void)fputs("new", draft.file);
    assert_content(path, "old");
    assert_int_equal(draft_complete(&draft, &fault), ERR_OK);
    draft_close(&draft);
    assert_content(path, "new");
    assert_alone(*state, path);
}

static void close_before_it_is_complete_leaves_what_was(void **state)
{
    struct draft draft = {0};
    struct fault fault = {0};
    const char *path = path_in(*state, "out");
    assert_int_equal(folder_write(*state, "out", "old", &fault), ERR_OK);
    assert_int_equal(draft_open(&draft, path, &fault), ERR_OK);
    (void)fputs("half", draft.file);
    draft_close(&draft);
    assert_content(path, "old");
    assert_alone(*state, path);
}

static void open_of_what_is_no_file_is_refused(void **state)
{
    struct draft draft = {0};
    struct fault fault = {0};
    assert_int_equal(draft_open(&draft, "/dev/null", &fault), ERR_IO);
    assert_non_null(strstr(fault.text, "/dev/null is no regular file"));
    draft_close(&draft);
    assert_int_equal(draft_open(&draft, path_in(*state, "nowhere/out"), &fault), ERR_IO);
    assert_non_null(strstr(fault.text, "cannot be written"));
    draft_close(&draft);
}

static void open_without_name_can_be_read_again(void **state)
{
    (void)state;
    struct draft draft = {0};
    struct fault fault = {0};
    char read[16] = "";
    assert_int_equal(draft_open(&draft, NULL, &fault), ERR_OK);
    (void)fputs("all of it", draft.file);
    assert_int_equal(draft_complete(&draft, &fault), ERR_OK);
    assert_non_null(fgets(read, sizeof read, draft.file));
    assert_string_equal(read, "all of it");
    draft_close(&draft);
}

static void complete_through_a_link_replaces_what_it_leads_to(void **state)
{
    struct draft draft = {0};
    struct fault fault = {0};
    char link_path[FOLDER_PATH_MAX + 64];
    struct stat status;
    (void)snprintf(link_path, sizeof link_path, "%s/link", (const char *)*state);
    assert_int_equal(folder_write(*state, "out", "old", &fault), ERR_OK);
    assert_int_equal(symlink("out", link_path), 0);
    assert_int_equal(draft_open(&draft, link_path, &fault), ERR_OK);
    (void)fputs("new", draft.file);
    assert_int_equal(draft_complete(&draft, &fault), ERR_OK);
    draft_close(&draft);
    assert_int_equal(lstat(link_path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_content(path_in(*state, "out"), "new");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(complete_replaces_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(close_before_it_is_complete_leaves_what_was, setup, teardown),
        cmocka_unit_test_setup_teardown(open_of_what_is_no_file_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(open_without_name_can_be_read_again, setup, teardown),
        cmocka_unit_test_setup_teardown(complete_through_a_link_replaces_what_it_leads_to, setup, teardown),
    };
    return cmocka_run_group_tests_name("ctl/draft", tests, NULL, NULL);
}
