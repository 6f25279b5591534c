internal import Addressing
internal import CLinux
internal import CMnl
internal import Glibc
internal import Listeners

/// An attribute whose type is a plain number in the kernel's headers.
struct PlainAttribute: RawRepresentable {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(_ type: Int) { self.init(rawValue: UInt32(type)) }
}

extension HostInterface {
    /// Decodes `struct ifinfomsg` and the attributes after it: `linux/if_link.h`.
    init?(_ payload: ArraySlice<UInt8>) {
        guard let reply = RouteReply(payload, as: ifinfomsg.self),
            let name = reply.attributes.name(PlainAttribute(Int(IFLA_IFNAME)))
        else { return nil }
        self.init(
            index: UInt32(bitPattern: reply.header.ifi_index), name: name,
            kind: reply.attributes.nest(PlainAttribute(Int(IFLA_LINKINFO)))?.name(PlainAttribute(Int(IFLA_INFO_KIND))),
            master: reply.attributes.hostOrderU32(PlainAttribute(Int(IFLA_MASTER))),
            otherNames: (reply.attributes.nest(PlainAttribute(Int(IFLA_PROP_LIST))).map(Array.init) ?? [])
                .filter { $0.type == UInt32(IFLA_ALT_IFNAME) }
                .map { KernelName.text(of: $0.payload.prefix { $0 != 0 }) })
        // That of a veth is its other end.
        if ["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"].contains(kind) {
            lower = reply.attributes.hostOrderU32(PlainAttribute(Int(IFLA_LINK)))
        }
        hardwareType = reply.header.ifi_type
        let flags = reply.header.ifi_flags
        findsNeighbours =
            reply.header.ifi_type == Self.ethernet && flags & UInt32(IFF_UP) != 0
            && flags & UInt32(IFF_NOARP | IFF_LOOPBACK) == 0
        let attached = reply.attributes.nest(PlainAttribute(Int(IFLA_XDP)))?.u8(PlainAttribute(Int(IFLA_XDP_ATTACHED)))
        if let attached, attached != 0 { earlier = ["an XDP program"] }
    }

    /// `ARPHRD_ETHER` of `linux/if_arp.h`, which no module of the C library has.
    private static let ethernet: UInt16 = 1

    /// Decodes an interface, and adds the programs of tc(8): filters on the interfaces with these indices, and those of tcx.
    init?(_ payload: ArraySlice<UInt8>, filtered: Set<UInt32>) {
        self.init(payload)
        if filtered.contains(index) { earlier.append("filters of tc") }
        if Self.hasProgramsOfTcx(index) { earlier.append("programs of tcx") }
    }

    /// The index of the interface of a queueing discipline that holds filters for all packets, `struct tcmsg` and the attributes
    /// after it; `nil` for other disciplines.
    static func indexOfFilters(_ payload: ArraySlice<UInt8>) -> UInt32? {
        guard let reply = RouteReply(payload, as: tcmsg.self),
            ["clsact", "ingress"].contains(reply.attributes.name(PlainAttribute(TCA_KIND)))
        else { return nil }
        return UInt32(bitPattern: reply.header.tcm_ifindex)
    }

    /// Whether an interface has BPF programs of tcx, which no queueing discipline shows: BPF_PROG_QUERY of bpf(2), kernel 6.6
    /// or later.
    ///
    /// A caller who may not ask learns that from the findings about other BPF programs, which need the same privilege.
    private static func hasProgramsOfTcx(_ interface: UInt32) -> Bool {
        [shim_tcx_ingress, shim_tcx_egress].contains { type in
            var none: UInt32 = 0
            return unsafe shim_bpf_programs(interface, type, &none, 0) > 0
        }
    }
}

extension RouteSelectors {
    /// The selectors of a rule, `struct fib_rule_hdr` and the attributes after it: `linux/fib_rules.h`.
    init(rule payload: ArraySlice<UInt8>, own: Set<IPAddress>) {
        self.init()
        guard let reply = RouteReply(payload, as: fib_rule_hdr.self) else {
            self = [.source, .interface, .mark, .other]
            return
        }
        func has(_ type: Int) -> Bool { reply.attributes[PlainAttribute(type)] != nil }
        let source = reply.attributes[PlainAttribute(Int(FRA_SRC))]
        let isOwn = source.flatMap { IPAddress(bigEndianBytes: Array($0)) }.map(own.contains) == true
        let isWhole = Int(reply.header.src_len) == 8 * (source?.count ?? 0)
        if reply.header.src_len > 0, !(isOwn && isWhole) { insert(.source) }
        // A rule for `lo` selects the packets of this host.
        if let interface = reply.attributes.name(PlainAttribute(Int(FRA_IIFNAME))), interface != "lo" {
            insert(.interface)
        }
        if reply.attributes[PlainAttribute(Int(FRA_L3MDEV))]?.first ?? 0 != 0 { insert(.interface) }
        if has(Int(FRA_FWMARK)) || has(Int(FRA_FWMASK)) { insert(.mark) }
        if reply.header.tos != 0 || [FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE].contains(where: { has(Int($0)) }) {
            insert(.other)
        }
    }
}
