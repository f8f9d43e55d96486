/* exposition.h -- figures in the text format of Prometheus. Pure; knows no figure by itself. */
#ifndef MUSTER_BASE_EXPOSITION_H
#define MUSTER_BASE_EXPOSITION_H

#include "base/buf.h"
#include "base/histogram.h"

/* The content type of such a text. */
#define EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* exposition_family begins a family: type is "counter", "gauge" or "histogram"; help is one sentence. */
void exposition_family(struct buf *out, const char *name, const char *type, const char *help);

/*
 * One figure of the family. labels is what stands between the braces (kind="register",result="ok"), NULL for none;
 * exposition_label appends one more label to such a text, its value escaped.
 */
void exposition_count(struct buf *out, const char *name, const char *labels, uint64_t value);
void exposition_gauge(struct buf *out, const char *name, const char *labels, double value);
void exposition_histogram(struct buf *out, const char *name, const char *labels, const struct histogram *histogram);
void exposition_label(struct buf *labels, const char *name, struct text value);

#endif
