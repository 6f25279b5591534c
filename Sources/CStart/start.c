#include "start.h"

static int count;
static char **words;

/* glibc hands argc, argv and envp to every constructor (`call_init` of csu/libc-start.c). */
__attribute__((constructor)) static void start_remember(int argc, char **argv) {
    count = argc;
    words = argv;
}

int start_argument_count(void) { return count; }
const char *start_argument(int index) { return words[index]; }
