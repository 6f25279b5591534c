#pragma once
#include <netinet/in.h> /* before linux headers: uapi/linux/libc-compat.h then yields to glibc */
#include <net/if.h>
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <resolv.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <time.h> /* linux/errqueue.h uses struct timespec and does not declare it. */
#include <linux/errqueue.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/mount.h>
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
/* Waits until `fd` can be read; returns 1 if one of the signals that end a process at a terminal came first. They are blocked
   afterwards, and pending: setting `former` as the mask delivers them. */
static inline int shim_await_input(int fd, sigset_t *former) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t set;
    sigemptyset(&set);
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) {
        struct sigaction action;
        if (sigaction(numbers[index], NULL, &action) == 0 && action.sa_handler != SIG_IGN) sigaddset(&set, numbers[index]);
    }
    pthread_sigmask(SIG_BLOCK, &set, former);
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    /* poll.h here would make its types those of this module. */
    fd_set files;
    int count;
    do {
        FD_ZERO(&files);
        FD_SET(fd, &files);
        if (signals >= 0) FD_SET(signals, &files);
        count = select((signals > fd ? signals : fd) + 1, &files, NULL, NULL, NULL);
    } while (count < 0 && errno == EINTR);
    int is_pending = count > 0 && signals >= 0 && FD_ISSET(signals, &files);
    if (signals >= 0) close(signals);
    return is_pending;
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
/* BPF_TCX_INGRESS and BPF_TCX_EGRESS of linux/bpf.h, which headers before 6.6 lack. */
static const unsigned int shim_tcx_ingress = 46, shim_tcx_egress = 47;
/* The ids of the BPF programs of a type that are attached to a target: the descriptor of a cgroup or a network namespace, or
   the index of an interface; their number, or -1. Without a capacity they are only counted. */
static inline int shim_bpf_programs(unsigned int target, unsigned int type, unsigned int *ids, unsigned int capacity) {
    union bpf_attr request;
    memset(&request, 0, sizeof request);
    request.query.target_fd = target; /* or target_ifindex, in the same place */
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
/* An array with one value of `length` bytes that BPF programs share with this process; its descriptor, or -1. */
static inline int shim_bpf_memory(unsigned int length) {
    union bpf_attr request;
    memset(&request, 0, sizeof request);
    request.map_type = BPF_MAP_TYPE_ARRAY;
    request.key_size = sizeof(unsigned int);
    request.value_size = length;
    request.max_entries = 1;
    request.map_flags = BPF_F_MMAPABLE;
    return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &request, sizeof request);
}
/* Loads a BPF program for sockets; its descriptor, or -1. */
static inline int shim_bpf_load(const unsigned long long *instructions, unsigned int count) {
    union bpf_attr request;
    memset(&request, 0, sizeof request);
    request.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    request.insns = (uintptr_t)instructions;
    request.insn_cnt = count;
    request.license = (uintptr_t)"";
    memcpy(request.prog_name, "portreeve", sizeof "portreeve");
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &request, sizeof request);
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
/* Gives up what a process does not need to look up one name: users, groups, capabilities, files, memory and processes.
   Returns 0, or the error that left it privileged. In a user namespace without the user `id` the user stays, without
   capabilities. */
static inline int shim_shed_privileges(unsigned int id) {
    extern int setresuid(uid_t, uid_t, uid_t), setresgid(gid_t, gid_t, gid_t);
    const struct { int resource; rlim_t most; } limits[] = {
        {RLIMIT_CORE, 0}, {RLIMIT_FSIZE, 0}, {RLIMIT_CPU, 10}, {RLIMIT_NOFILE, 64}, {RLIMIT_AS, (rlim_t)1 << 30}};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct rlimit limit = {limits[i].most, limits[i].most};
        if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) != 0) return errno;
    }
    if (geteuid() == 0) {
        extern int setgroups(size_t, const gid_t *);
        if (setgroups(0, NULL) != 0 && errno != EPERM) return errno;
        if (setresgid(id, id, id) != 0 && errno != EINVAL) return errno;
        if (setresuid(id, id, id) != 0 && errno != EINVAL) return errno;
    }
    if (shim_drop_capabilities() != 0) return errno;
    /* A change of the user clears this. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return errno;
    return 0;
}
/* glibc defines these for _GNU_SOURCE only. */
#ifndef EAI_NODATA
#define EAI_NODATA -5
#endif
#ifndef EAI_ADDRFAMILY
#define EAI_ADDRFAMILY -9
#endif
static const int shim_no_address = EAI_NODATA, shim_no_address_of_family = EAI_ADDRFAMILY;
/* Writes the addresses that a name has in a family, one a line, by getaddrinfo(3) without the search list of
   resolv.conf(5). Returns 0 or its error. */
static inline int shim_look_up(const char *name, int family, char *text, size_t room) {
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *list = NULL;
    size_t filled = 0;
    int code;
    text[0] = 0;
    if (res_init() == 0) _res.options &= ~(unsigned long)(RES_DEFNAMES | RES_DNSRCH);
    code = getaddrinfo(name, NULL, &hints, &list);
    if (code != 0) return code;
    for (struct addrinfo *one = list; one; one = one->ai_next) {
        char address[INET6_ADDRSTRLEN];
        const void *bytes = family == AF_INET
            ? (const void *)&((const struct sockaddr_in *)one->ai_addr)->sin_addr
            : (const void *)&((const struct sockaddr_in6 *)one->ai_addr)->sin6_addr;
        if (one->ai_family != family || !inet_ntop(family, bytes, address, sizeof address)) continue;
        if (filled + sizeof address + 1 > room) break;
        filled += (size_t)snprintf(text + filled, room - filled, "%s\n", address);
    }
    freeaddrinfo(list);
    return 0;
}
/* Puts a file in the place of /etc/resolv.conf for this process, as `ip netns exec` does. Returns 0, or the error. */
static inline int shim_use_resolvers(const char *path) {
    if (access(path, R_OK) != 0) return errno == ENOENT ? 0 : errno;
    /* glibc's own header declares struct stat elsewhere, for Swift. */
    if (shim_unshare(CLONE_NEWNS) != 0 || syscall(SYS_mount, "", "/", "none", MS_SLAVE | MS_REC, NULL) != 0
        || syscall(SYS_mount, path, "/etc/resolv.conf", "none", MS_BIND, NULL) != 0)
        return errno;
    return 0;
}
/* The address of a port in network byte order, of 4 or 16 bytes; returns the length of the whole. */
static inline socklen_t shim_name(struct sockaddr_storage *name, const unsigned char *address, size_t length, unsigned short port) {
    memset(name, 0, sizeof *name);
    if (length == 4) {
        struct sockaddr_in *inet = (struct sockaddr_in *)name;
        inet->sin_family = AF_INET;
        inet->sin_port = htons(port);
        memcpy(&inet->sin_addr, address, length);
        return sizeof *inet;
    }
    struct sockaddr_in6 *inet6 = (struct sockaddr_in6 *)name;
    inet6->sin6_family = AF_INET6;
    inet6->sin6_port = htons(port);
    memcpy(&inet6->sin6_addr, address, sizeof inet6->sin6_addr);
    return sizeof *inet6;
}
/* A socket that does not wait, and begins to connect to a port: TCP, or UDP without a datagram. Returns it, or the negated
   error. */
static inline int shim_dial(int is_datagram, const unsigned char *address, size_t length, unsigned short port) {
    struct sockaddr_storage name;
    socklen_t size = shim_name(&name, address, length, port);
    int error, fd = socket(name.ss_family, (is_datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int on = 1;
    if (length == 4) setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
    else setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&name, size) == 0 || errno == EINPROGRESS) return fd;
    error = errno;
    close(fd);
    return -error;
}
/* An ICMP or ICMPv6 error that a socket got, and the address of its sender, of 4 or 16 bytes. */
struct shim_icmp_error {
    unsigned char is_ipv6, type, code;
    unsigned char sender[16];
    size_t length;
};
/* Reads the first ICMP error in the error queue of a socket of shim_dial; returns whether there is one. */
static inline int shim_icmp_error(int fd, struct shim_icmp_error *error) {
    char control[512], data[64];
    struct sockaddr_storage name;
    for (;;) {
        struct iovec part = {data, sizeof data};
        struct msghdr message = {.msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &part, .msg_iovlen = 1,
                                 .msg_control = control, .msg_controllen = sizeof control};
        if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return 0;
        for (struct cmsghdr *field = CMSG_FIRSTHDR(&message); field; field = CMSG_NXTHDR(&message, field)) {
            int is_ipv6 = field->cmsg_level == IPPROTO_IPV6 && field->cmsg_type == IPV6_RECVERR;
            if (!is_ipv6 && (field->cmsg_level != IPPROTO_IP || field->cmsg_type != IP_RECVERR)) continue;
            struct sock_extended_err *found = (struct sock_extended_err *)CMSG_DATA(field);
            if (found->ee_origin != SO_EE_ORIGIN_ICMP && found->ee_origin != SO_EE_ORIGIN_ICMP6) continue;
            struct sockaddr *sender = SO_EE_OFFENDER(found);
            *error = (struct shim_icmp_error){(unsigned char)is_ipv6, found->ee_type, found->ee_code, {0}, 0};
            if (sender->sa_family == AF_INET) {
                error->length = 4;
                memcpy(error->sender, &((struct sockaddr_in *)sender)->sin_addr, 4);
            } else if (sender->sa_family == AF_INET6) {
                error->length = 16;
                memcpy(error->sender, &((struct sockaddr_in6 *)sender)->sin6_addr, 16);
            }
            return 1;
        }
    }
}
/* Writes the address that a connected socket has on this host; returns its length: 4, 16, or 0 if there is none. */
static inline size_t shim_own_address(int fd, unsigned char *address) {
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0) return 0;
    if (name.ss_family == AF_INET) {
        memcpy(address, &((struct sockaddr_in *)&name)->sin_addr, 4);
        return 4;
    }
    if (name.ss_family != AF_INET6) return 0;
    memcpy(address, &((struct sockaddr_in6 *)&name)->sin6_addr, 16);
    return 16;
}
