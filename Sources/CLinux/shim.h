#pragma once
#include <netinet/in.h> /* before linux headers: uapi/linux/libc-compat.h then yields to glibc */
#include <net/if.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>
/* Swift's Glibc module lacks _GNU_SOURCE and therefore these functions. */
static inline int shim_unshare(int flags) { return (int)syscall(SYS_unshare, flags); }
static inline int shim_setns(int fd, int kind) { return (int)syscall(SYS_setns, fd, kind); }
static inline int shim_gettid(void) { return (int)syscall(SYS_gettid); }
/* Closes fd and all descriptors above it; kernel 5.9 or later. */
static inline int shim_close_from(unsigned int fd) { return (int)syscall(SYS_close_range, fd, ~0U, 0); }
static inline long shim_getdents64(int fd, void *buffer, size_t length) {
    return syscall(SYS_getdents64, fd, buffer, length);
}
/* The columns of the terminal `fd`; 0 if it is not one, or if they are not known. */
static inline unsigned short shim_terminal_columns(int fd) {
    struct winsize size = {0};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
static inline char **shim_environment(void) {
    extern char **environ;
    return environ;
}
/* The columns that a character takes on a terminal, in the locale of the thread; -1 for a control character. */
static inline int shim_width(unsigned int character) {
    extern int wcwidth(wchar_t);
    return wcwidth((wchar_t)character);
}
/* The access control list of a file, in the form of linux/posix_acl_xattr.h; a link is not followed. */
static inline long shim_acl(const char *path, void *buffer, size_t length) {
    return lgetxattr(path, "system.posix_acl_access", buffer, length);
}
/* The same of an open file. */
static inline long shim_acl_of(int fd, void *buffer, size_t length) {
    return fgetxattr(fd, "system.posix_acl_access", buffer, length);
}
/* The ids of the BPF programs of a type that are attached to a cgroup or a network namespace; their number, or -1. */
static inline int shim_bpf_programs(int fd, unsigned int type, unsigned int *ids, unsigned int capacity) {
    union bpf_attr request;
    memset(&request, 0, sizeof request);
    request.query.target_fd = (unsigned int)fd;
    request.query.attach_type = type;
    request.query.prog_ids = (uintptr_t)ids;
    request.query.prog_cnt = capacity;
    return syscall(SYS_bpf, BPF_PROG_QUERY, &request, sizeof request) < 0 ? -1 : (int)request.query.prog_cnt;
}
/* The name of the BPF program with this id, in BPF_OBJ_NAME_LEN bytes; 0, or -1 without CAP_SYS_ADMIN. */
static inline int shim_bpf_name(unsigned int id, unsigned char *name) {
    union bpf_attr request;
    struct bpf_prog_info info;
    int fd, result;
    memset(&request, 0, sizeof request);
    request.prog_id = id;
    fd = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &request, sizeof request);
    if (fd < 0) return -1;
    memset(&request, 0, sizeof request);
    memset(&info, 0, sizeof info);
    request.info.bpf_fd = (unsigned int)fd;
    request.info.info_len = sizeof info;
    request.info.info = (uintptr_t)&info;
    result = (int)syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &request, sizeof request);
    close(fd);
    if (result == 0) memcpy(name, info.name, BPF_OBJ_NAME_LEN);
    return result;
}
static const int shim_clone_newnet = CLONE_NEWNET;
/* The length of a target before its data; Swift treats the struct, which has a pointer, as unsafe. */
static const size_t shim_xt_target_head = sizeof(struct xt_entry_target);
/* Drops all capabilities of the calling thread only; for tests without privileges. */
static inline int shim_drop_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
    return (int)syscall(SYS_capset, &header, none);
}
/* Sends a datagram to a Unix socket; a name that starts with @ is abstract, as in sd_notify(3). */
static inline int shim_tell(const char *name, const char *message) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    int fd, sent;
    if (length == 0 || length >= sizeof address.sun_path) return -1;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@') address.sun_path[0] = 0;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    sent = (int)sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&address,
                       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    close(fd);
    return sent;
}
