/* exposition.c -- families, labels and figures, a line each. */
#include "base/exposition.h"

#include <inttypes.h>
#include <math.h>

void exposition_family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void append_name(struct buf *out, const char *name, const char *suffix, const char *labels)
{
    buf_append_string(out, name);
    buf_append_string(out, suffix);
    if (labels != NULL) {
        buf_printf(out, "{%s}", labels);
    }
}

void exposition_count(struct buf *out, const char *name, const char *labels, uint64_t value)
{
    append_name(out, name, "", labels);
    buf_printf(out, " %" PRIu64 "\n", value);
}

void exposition_gauge(struct buf *out, const char *name, const char *labels, double value)
{
    append_name(out, name, "", labels);
    if (isnan(value)) {
        buf_append_string(out, " NaN\n");
    } else {
        buf_printf(out, " %.15g\n", value);
    }
}

void exposition_histogram(struct buf *out, const char *name, const char *labels, const struct histogram *histogram)
{
    const struct histogram_scale *scale = histogram->scale;
    const char *comma = labels != NULL ? "," : "";
    uint64_t so_far = 0;
    labels = labels != NULL ? labels : "";
    for (size_t i = 0; i < scale->count; i++) {
        so_far += histogram->counts[i];
        buf_printf(out, "%s_bucket{%s%sle=\"%.6g\"} %" PRIu64 "\n", name, labels, comma,
                   (double)scale->bounds[i] * scale->unit, so_far);
    }
    buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, histogram->count);
    append_name(out, name, "_sum", *labels != '\0' ? labels : NULL);
    buf_printf(out, " %.15g\n", (double)histogram->sum * scale->unit);
    append_name(out, name, "_count", *labels != '\0' ? labels : NULL);
    buf_printf(out, " %" PRIu64 "\n", histogram->count);
}

void exposition_label(struct buf *labels, const char *name, struct text value)
{
    buf_printf(labels, "%s%s=\"", labels->len > 0 ? "," : "", name);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        if (c == '"' || c == '\\') {
            buf_append(labels, "\\", 1);
        }
        buf_append(labels, c == '\n' ? "\\n" : &c, c == '\n' ? 2 : 1);
    }
    buf_append_string(labels, "\"");
}
