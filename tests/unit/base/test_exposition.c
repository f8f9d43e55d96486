/* test_exposition.c -- the text format, line by line. */
#include "base/exposition.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void family_has_help_and_type(void **state)
{
    (void)state;
    struct buf out = {0};
    exposition_family(&out, "muster_things_total", "counter", "Things seen.");
    exposition_count(&out, "muster_things_total", NULL, 3);
    assert_string_equal(buf_terminated(&out), "# HELP muster_things_total Things seen.\n"
                                              "# TYPE muster_things_total counter\n"
                                              "muster_things_total 3\n");
    buf_fini(&out);
}

static void figures_have_labels_and_plain_numbers(void **state)
{
    (void)state;
    struct buf out = {0};
    exposition_count(&out, "c", "kind=\"x\"", UINT64_MAX);
    exposition_gauge(&out, "g", NULL, 0.25);
    exposition_gauge(&out, "g", "a=\"b\"", 1e6);
    exposition_gauge(&out, "g", NULL, NAN);
    assert_string_equal(buf_terminated(&out),
                        "c{kind=\"x\"} 18446744073709551615\ng 0.25\ng{a=\"b\"} 1000000\ng NaN\n");
    buf_fini(&out);
}

static void histogram_accumulates_and_is_shown_in_its_unit(void **state)
{
    (void)state;
    static const struct histogram_scale scale = {.unit = 1e-3, .count = 2, .bounds = {1, 500}};
    struct histogram histogram = {.scale = &scale};
    struct buf out = {0};
    histogram_add(&histogram, 1, 2);
    histogram_add(&histogram, 250, 1);
    histogram_add(&histogram, 2000, 1);
    exposition_histogram(&out, "h", "in=\"y\"", &histogram);
    assert_string_equal(buf_terminated(&out), "h_bucket{in=\"y\",le=\"0.001\"} 2\n"
                                              "h_bucket{in=\"y\",le=\"0.5\"} 3\n"
                                              "h_bucket{in=\"y\",le=\"+Inf\"} 4\n"
                                              "h_sum{in=\"y\"} 2.252\n"
                                              "h_count{in=\"y\"} 4\n");
    buf_fini(&out);
}

static void histogram_without_labels_has_only_the_bounds(void **state)
{
    (void)state;
    static const struct histogram_scale scale = {.unit = 1, .count = 1, .bounds = {5}};
    struct histogram histogram = {.scale = &scale};
    struct buf out = {0};
    exposition_histogram(&out, "h", NULL, &histogram);
    assert_string_equal(buf_terminated(&out), "h_bucket{le=\"5\"} 0\nh_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n");
    buf_fini(&out);
}

static void label_is_escaped(void **state)
{
    (void)state;
    struct buf labels = {0};
    exposition_label(&labels, "a", text_of("plain"));
    exposition_label(&labels, "b", text_of("q\" b\\ n\n"));
    assert_string_equal(buf_terminated(&labels), "a=\"plain\",b=\"q\\\" b\\\\ n\\n\"");
    buf_fini(&labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(family_has_help_and_type),
        cmocka_unit_test(figures_have_labels_and_plain_numbers),
        cmocka_unit_test(histogram_accumulates_and_is_shown_in_its_unit),
        cmocka_unit_test(histogram_without_labels_has_only_the_bounds),
        cmocka_unit_test(label_is_escaped),
    };
    return cmocka_run_group_tests_name("exposition", tests, NULL, NULL);
}
