/* output.h -- standard output: tables for people, JSON for programs. */
#ifndef MUSTER_CTL_OUTPUT_H
#define MUSTER_CTL_OUTPUT_H

#include "base/buf.h"
#include "ctl/table.h"

#include <jansson.h>
#include <stdbool.h>

/* With so many digits a decimal comes out as it was typed. */
enum { OUTPUT_REAL_DIGITS = 15 };

struct output {
    bool json;
    bool terminal;
    bool colour;
    bool failed; /* nobody reads any more, or the disk is full */
    int error;   /* errno of that */
};

/* output_init looks at standard output, NO_COLOR and TERM. */
void output_init(struct output *output, bool json);

/* output_view returns how a table is to be laid out now: the terminal may have been resized. */
struct table_view output_view(const struct output *output);

/* output_rows returns the height of the terminal. */
size_t output_rows(void);

/* Each writes at once; after the first failure they do nothing. output_json writes one line. */
void output_text(struct output *output, struct text text);
void output_json(struct output *output, const json_t *document);

/* output_table lays a table out, writes it and frees it; NULL: there was no memory for it. */
void output_table(struct output *output, struct table *table);

#endif
