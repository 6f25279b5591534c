#pragma once
/* The words of the command line as the kernel put them on the stack: known without /proc, where Swift's own CommandLine looks them up. */
int start_argument_count(void);
const char *start_argument(int index);
