/* table.c -- layout: widths from the cells, cut to what there is room for. */
#include "ctl/table.h"

#include "ctl/glyph.h"

#include <stdint.h>
#include <stdlib.h>

enum { GAP = 2, COLUMNS_MAX = 24 };

struct cell {
    size_t offset; /* in the table's bytes, which move as they grow */
    size_t len;
    enum table_ink ink;
};

struct table {
    const struct table_column *columns;
    size_t column_count;
    struct cell *cells;
    size_t cell_count;
    size_t cell_cap;
    struct buf bytes;
};

struct layout {
    size_t widths[COLUMNS_MAX];
    size_t count; /* columns shown */
};

struct table *table_new(const struct table_column *columns, size_t count)
{
    struct table *table = count <= COLUMNS_MAX ? calloc(1, sizeof *table) : NULL;
    if (table != NULL) {
        table->columns = columns;
        table->column_count = count;
    }
    return table;
}

void table_free(struct table *table)
{
    if (table != NULL) {
        buf_fini(&table->bytes);
        free(table->cells);
        free(table);
    }
}

void table_add(struct table *table, struct text text, enum table_ink ink)
{
    if (table->cell_count == table->cell_cap) {
        size_t cap = table->cell_cap == 0 ? 64 : table->cell_cap * 2;
        struct cell *cells = realloc(table->cells, cap * sizeof *cells);
        if (cells == NULL) {
            table->bytes.failed = true;
            return;
        }
        table->cells = cells;
        table->cell_cap = cap;
    }
    if (text.len == 0) {
        text = text_of("-");
    }
    table->cells[table->cell_count++] = (struct cell){.offset = table->bytes.len, .len = text.len, .ink = ink};
    buf_append_text(&table->bytes, text);
}

static struct text cell_text(const struct table *table, size_t row, size_t column)
{
    const struct cell *cell = &table->cells[row * table->column_count + column];
    return (struct text){table->bytes.data + cell->offset, cell->len};
}

static size_t rows_shown(const struct table *table, const struct table_view *view)
{
    size_t rows = table->cell_count / table->column_count;
    return view->rows_max > 0 && view->rows_max < rows ? view->rows_max : rows;
}

static size_t total_width(const struct layout *layout)
{
    size_t total = 0;
    for (size_t i = 0; i < layout->count; i++) {
        total += layout->widths[i] + (i > 0 ? GAP : 0);
    }
    return total;
}

/* Returns the column to cut next, or count where none may be. */
static size_t widest_that_may_shrink(const struct table *table, const struct layout *layout)
{
    size_t widest = layout->count;
    for (size_t i = 0; i < layout->count; i++) {
        size_t least = table->columns[i].min_width;
        bool may = least > 0 && layout->widths[i] > least;
        if (may && (widest == layout->count || layout->widths[i] > layout->widths[widest])) {
            widest = i;
        }
    }
    return widest;
}

static void fit(const struct table *table, size_t width, struct layout *layout)
{
    while (total_width(layout) > width) {
        size_t column = widest_that_may_shrink(table, layout);
        if (column < layout->count) {
            layout->widths[column]--;
        } else if (layout->count > 1) {
            layout->count--;
        } else {
            layout->widths[0] = width;
        }
    }
}

static void lay_out(const struct table *table, const struct table_view *view, struct layout *out_layout)
{
    struct layout layout = {.count = table->column_count};
    size_t rows = rows_shown(table, view);
    for (size_t column = 0; column < layout.count; column++) {
        layout.widths[column] = glyph_width(text_of(table->columns[column].title));
        for (size_t row = 0; row < rows; row++) {
            size_t width = glyph_width(cell_text(table, row, column));
            layout.widths[column] = width > layout.widths[column] ? width : layout.widths[column];
        }
    }
    if (view->width > 0) {
        fit(table, view->width, &layout);
    }
    *out_layout = layout;
}

static void append_spaces(struct buf *out, size_t count)
{
    buf_printf(out, "%*s", (int)count, "");
}

void table_append_ink(struct buf *out, enum table_ink ink)
{
    static const char *const codes[] = {
        [INK_PLAIN] = "\033[0m", [INK_GOOD] = "\033[32m", [INK_WARNING] = "\033[33m",
        [INK_BAD] = "\033[31m",  [INK_FAINT] = "\033[2m",
    };
    buf_append_string(out, codes[ink]);
}

static void append_cell(struct buf *out, struct text text, enum table_ink ink, size_t width)
{
    if (ink != INK_PLAIN) {
        table_append_ink(out, ink);
    }
    (void)glyph_append(out, text, width);
    if (ink != INK_PLAIN) {
        table_append_ink(out, INK_PLAIN);
    }
}

/* row SIZE_MAX is that of the titles. */
static void append_row(const struct table *table, const struct layout *layout, size_t row, bool colour, struct buf *out)
{
    for (size_t i = 0; i < layout->count; i++) {
        bool is_title = row == SIZE_MAX;
        struct text text = is_title ? text_of(table->columns[i].title) : cell_text(table, row, i);
        enum table_ink ink = is_title ? INK_FAINT : table->cells[row * table->column_count + i].ink;
        size_t width = glyph_width(text);
        size_t padding = width < layout->widths[i] ? layout->widths[i] - width : 0;
        bool is_last = i + 1 == layout->count;
        append_spaces(out, (i > 0 ? GAP : 0) + (table->columns[i].right ? padding : 0));
        append_cell(out, text, colour ? ink : INK_PLAIN, layout->widths[i]);
        append_spaces(out, table->columns[i].right || is_last ? 0 : padding);
    }
    buf_append_string(out, "\n");
}

void table_render(const struct table *table, const struct table_view *view, struct buf *out)
{
    if (table->bytes.failed) {
        out->failed = true;
        return;
    }
    struct layout layout;
    lay_out(table, view, &layout);
    append_row(table, &layout, SIZE_MAX, view->colour, out);
    size_t rows = rows_shown(table, view);
    for (size_t row = 0; row < rows; row++) {
        append_row(table, &layout, row, view->colour, out);
    }
}
