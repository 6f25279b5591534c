#pragma once
/* The command line as the kernel put it on the stack: works without /proc, which Swift's own CommandLine reads. */
int start_argument_count(void);
const char *start_argument(int index);
