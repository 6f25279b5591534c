#pragma once
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>
/* Glibc's Swift module is built without _GNU_SOURCE, so these are invisible to Swift. */
static inline int shim_unshare(int flags) { return (int)syscall(SYS_unshare, flags); }
static inline int shim_setns(int fd, int kind) { return (int)syscall(SYS_setns, fd, kind); }
static inline int shim_gettid(void) { return (int)syscall(SYS_gettid); }
static const int shim_clone_newnet = CLONE_NEWNET;
/* The system call changes the calling thread alone; glibc's function of that name changes all threads. */
static inline int shim_become_user(unsigned user) { return (int)syscall(SYS_setresuid, user, user, user); }
