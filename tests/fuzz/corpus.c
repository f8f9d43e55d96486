/* corpus.c -- writes the seeds as files, one folder for each target, for libFuzzer to begin with. */
#include "seeds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct corpus {
    const char *folder;
    size_t written;
};

static void give_up(const char *path)
{
    perror(path);
    exit(EXIT_FAILURE);
}

static void make_folder(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        give_up(path);
    }
}

static void write_seed(void *context, const char *target, struct text input)
{
    struct corpus *corpus = context;
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", corpus->folder, target);
    make_folder(path);
    (void)snprintf(path, sizeof path, "%s/%s/%05zu", corpus->folder, target, corpus->written++);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        give_up(path);
        return;
    }
    bool written = fwrite(input.data, 1, input.len, file) == input.len;
    if (fclose(file) != 0 || !written) {
        give_up(path);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    struct corpus corpus = {.folder = argv[1]};
    make_folder(corpus.folder);
    seeds_each(write_seed, &corpus);
    return EXIT_SUCCESS;
}
