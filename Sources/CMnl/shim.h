#pragma once
#include <netinet/in.h> /* before linux headers: uapi/linux/libc-compat.h then yields to glibc */
#include <linux/fib_rules.h>
#include <linux/inet_diag.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <libmnl/libmnl.h>
