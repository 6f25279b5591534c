/* Loads the floor of the port policy without portreeve: portreeve-floor FILE
 *
 * portreeve saves FILE when a change is confirmed: a document of its state (Sources/System/State/StateDocument.swift) with the
 * netlink messages of a table that opens SSH alone. This program checks the file and sends the messages. It is linked statically
 * and needs no other file, so that it works at a boot at which portreeve or one of its libraries is missing.
 *
 * Exits 0 if the floor was loaded, or if the table is live already; else 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* sd-daemon(3): the journal takes the priority from the start of the line. */
#define ERROR "<3>portreeve-floor: "
#define WARNING "<4>portreeve-floor: "

static const uint64_t primes[] = {0x9E3779B185EBCA87u, 0xC2B2AE3D27D4EB4Fu, 0x165667B19E3779F9u, 0x85EBCA77C2B2AE63u,
                                  0x27D4EB2F165667C5u};

static uint64_t rotate(uint64_t word, int count) { return word << count | word >> (64 - count); }

/* The little-endian number of `count` bytes. */
static uint64_t number(const uint8_t *bytes, int count) {
    uint64_t value = 0;
    while (count-- > 0) value = value << 8 | bytes[count];
    return value;
}

/* XXH64 with seed 0, as Sources/System/State/XXHash64.swift. */
static uint64_t hash(const uint8_t *bytes, size_t length) {
    const uint8_t *end = bytes + length;
    uint64_t lanes[] = {primes[0] + primes[1], primes[1], 0, -primes[0]}, sum = primes[4];
    if (length >= 32) {
        for (; end - bytes >= 32; bytes += 32)
            for (int lane = 0; lane < 4; lane++)
                lanes[lane] = rotate(lanes[lane] + number(bytes + 8 * lane, 8) * primes[1], 31) * primes[0];
        sum = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
        for (int lane = 0; lane < 4; lane++)
            sum = (sum ^ rotate(lanes[lane] * primes[1], 31) * primes[0]) * primes[0] + primes[3];
    }
    sum += length;
    for (; end - bytes >= 8; bytes += 8)
        sum = rotate(sum ^ rotate(number(bytes, 8) * primes[1], 31) * primes[0], 27) * primes[0] + primes[3];
    if (end - bytes >= 4) {
        sum = rotate(sum ^ number(bytes, 4) * primes[0], 23) * primes[1] + primes[2];
        bytes += 4;
    }
    for (; bytes < end; bytes++) sum = rotate(sum ^ *bytes * primes[4], 11) * primes[0];
    sum = (sum ^ sum >> 33) * primes[1];
    sum = (sum ^ sum >> 29) * primes[2];
    return sum ^ sum >> 32;
}

/* Reads a line of the form `portreeve floor 2 0123456789abcdef`, then fields: a name, a length, as many bytes. Sets the messages. */
static int parse(const uint8_t *file, size_t size, const uint8_t **messages, size_t *length) {
    char head[64], name[16];
    const uint8_t *end = file + size, *at = memchr(file, '\n', size);
    if (!at) return -1;
    at++;
    snprintf(head, sizeof head, "portreeve floor 2 %016llx\n", (unsigned long long)hash(at, (size_t)(end - at)));
    if (strlen(head) != (size_t)(at - file) || memcmp(head, file, strlen(head)) != 0) return -1;
    while (at < end) {
        const uint8_t *line = memchr(at, '\n', (size_t)(end - at));
        size_t count;
        if (!line || line - at >= 32) return -1;
        memcpy(head, at, (size_t)(line - at));
        head[line - at] = 0;
        if (sscanf(head, "%15s %zu", name, &count) != 2 || count >= (size_t)(end - line - 1)) return -1;
        if (strcmp(name, "messages") == 0) {
            *messages = line + 1;
            *length = count;
            return 0;
        }
        at = line + 1 + count + 1;
    }
    return -1;
}

/* The kernel's answer to the messages: 0, or the error of the first one that it refused. */
static int answer(int netlink) {
    static uint8_t buffer[1 << 16];
    int first = ETIMEDOUT;
    for (;;) {
        ssize_t count = recv(netlink, buffer, sizeof buffer, first == ETIMEDOUT ? 0 : MSG_DONTWAIT);
        if (count < 0) return first;
        unsigned rest = (unsigned)count;
        for (struct nlmsghdr *message = (void *)buffer; NLMSG_OK(message, rest); message = NLMSG_NEXT(message, rest)) {
            if (message->nlmsg_type != NLMSG_ERROR) continue;
            int error = -((struct nlmsgerr *)NLMSG_DATA(message))->error;
            if (first == ETIMEDOUT) first = error;
        }
    }
}

/* Sends the messages: as a whole or not at all, the kernel makes the table, or refuses because there is one. */
static int load(const uint8_t *messages, size_t length) {
    struct timeval patience = {.tv_sec = 10};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (netlink < 0) return errno;
    setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int room = (int)length + (1 << 16);
    setsockopt(netlink, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (sendto(netlink, messages, length, 0, (void *)&kernel, sizeof kernel) < 0) return errno;
    return answer(netlink);
}

int main(int count, char **words) {
    static uint8_t file[1 << 20];
    const uint8_t *messages;
    size_t length;
    if (count != 2) {
        fprintf(stderr, "usage: portreeve-floor FILE\n");
        return 64;
    }
    int descriptor = open(words[1], O_RDONLY | O_CLOEXEC);
    ssize_t size = descriptor < 0 ? -1 : read(descriptor, file, sizeof file);
    if (size < 0) {
        fprintf(stderr, ERROR "cannot read %s: %s; no table was loaded\n", words[1], strerror(errno));
        return 1;
    }
    if (parse(file, (size_t)size, &messages, &length) != 0) {
        fprintf(stderr, ERROR "%s is incomplete or was changed; no table was loaded\n", words[1]);
        return 1;
    }
    int error = load(messages, length);
    if (error == EEXIST) return 0;
    if (error != 0) {
        fprintf(stderr, ERROR "cannot load the floor: %s\n", strerror(error));
        return 1;
    }
    fprintf(stderr, WARNING "loaded the floor: only the known ports of SSH are open; run \"portreeve apply\"\n");
    return 0;
}
